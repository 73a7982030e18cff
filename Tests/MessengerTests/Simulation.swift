import Foundation
import Simulator
import Testing

/// Worlds of engines on a model node, each from its seed.
///
/// `CRYPTPEER_SEEDS` is how many (200), or a range such as `1000-1999`; `CRYPTPEER_SEED` runs one and prints all that
/// happens in it; with `CRYPTPEER_CALLS` one of those in `CallScenarios`.
@Suite("Simulated worlds")
struct Simulation {
    @Test("lose, double and garble nothing, whatever page, network and node do")
    func worlds() async throws {
        let results = await Self.run(Self.seeds.map { WorldPlan(seed: $0) })
        let texts = results.reduce(0) { $0 + $1.counts.texts }
        let direct = results.reduce(0) { $0 + $1.counts.directMessages }
        let reloads = results.reduce(0) { $0 + $1.counts.reloads }
        let files = results.reduce(0) { $0 + $1.counts.files }
        let chunks = results.reduce(0) { $0 + $1.counts.fileChunks }
        let blobs = results.reduce(0) { $0 + $1.counts.fileBlobs }
        let resumptions = results.reduce(0) { $0 + $1.counts.fileResumptions }
        let rings = results.reduce(0) { $0 + $1.counts.rings }
        let connected = results.reduce(0) { $0 + $1.counts.callsConnected }
        let failed = results.filter { !$0.violations.isEmpty }
        print(
            "Simulator: \(results.count) worlds, \(texts) texts, \(direct) direct messages, \(reloads) reloads; "
                + "\(files) files in \(chunks) chunks and \(blobs) blobs, \(resumptions) of them resumed; "
                + "\(rings) rings, \(connected) ends of calls, \(results.reduce(0) { $0 + $1.counts.callKeyChanges }) keys "
                + "changed in calls; \(failed.count) worlds broken")
        #expect(texts > results.count, "worlds in which nobody writes show nothing")
        #expect(results.isEmpty || direct > 0, "no world saw a direct channel")
        #expect(results.count < 50 || min(chunks, blobs, resumptions) > results.count / 40, "no world sees files")
        #expect(results.isEmpty || (rings > 0 && connected > 0), "nobody called")
    }

    @Test("run twice from one seed are the same, byte for byte")
    func determinism() throws {
        for seed: UInt64 in 1...3 {
            let first = try World(WorldPlan(seed: seed)).run()
            let second = try World(WorldPlan(seed: seed)).run()
            #expect(first.outputs == second.outputs)
            #expect(first.counts.inputs > 10)
        }
    }

    @Test("show no lie of the node's, and lose nothing once it is honest", arguments: Hostility.each + [.all])
    func hostileWorlds(lies: Hostility) async throws {
        let seeds = (1...8).map { UInt64($0) }
        let results = await Self.run(
            seeds.map {
                WorldPlan(
                    seed: $0, people: 3, steps: 40, faults: [.partitions, .lostLinks, .reloads], hostility: lies)
            })
        if lies != .swappedKeyPackages {
            #expect(results.contains { $0.counts.lies > 0 }, "the node has lied at all")
        }
    }

    /// Runs the worlds side by side and reports each broken one with its seed and how to see it again.
    private static func run(_ plans: [WorldPlan]) async -> [WorldResult] {
        await withTaskGroup(of: WorldResult?.self) { group in
            for plan in plans { group.addTask { try? World(plan).run() } }
            var results: [WorldResult] = []
            for await result in group {
                guard let result else {
                    Issue.record("a world could not be set up")
                    continue
                }
                results.append(result)
                if !result.violations.isEmpty {
                    let hostility = plans[0].hostility
                    Issue.record(
                        """
                        seed \(result.seed)\(hostility.isEmpty ? "" : ", hostility \(hostility.rawValue)"): \
                        \(result.violations.joined(separator: "; "))
                        (CRYPTPEER_SEED=\(result.seed) prints its story)
                        """)
                }
            }
            return results
        }
    }

    private static var seeds: [UInt64] {
        let asked = ProcessInfo.processInfo.environment["CRYPTPEER_SEEDS"] ?? "200"
        let bounds = asked.split(separator: "-").compactMap { UInt64($0) }
        switch bounds.count {
        case 2 where bounds[0] <= bounds[1]: return Array(bounds[0]...bounds[1])
        case 1 where bounds[0] > 0: return Array(1...bounds[0])
        default: return Array(1...200)
        }
    }

    @Test("tell their story", .enabled(if: ProcessInfo.processInfo.environment["CRYPTPEER_SEED"] != nil))
    func story() throws {
        let environment = ProcessInfo.processInfo.environment
        guard let seed = environment["CRYPTPEER_SEED"].flatMap({ UInt64($0) }) else { return }
        var plan = WorldPlan(seed: seed)
        if let hostility = environment["CRYPTPEER_HOSTILITY"].flatMap({ UInt16($0) }) {
            plan = WorldPlan(
                seed: seed, people: 3, steps: 40, faults: [.partitions, .lostLinks, .reloads],
                hostility: Hostility(rawValue: hostility))
        }
        if environment["CRYPTPEER_CALLS"] != nil { plan = .talkative(seed: seed) }
        plan.isTraced = true
        let result = try World(plan).run()
        for line in result.trace { print(line) }
        print("seed \(seed): \(result.violations.isEmpty ? "all is well" : result.violations.joined(separator: "\n"))")
        #expect(result.violations.isEmpty)
    }
}
