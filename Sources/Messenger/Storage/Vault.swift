import CryptoPrimitives
import SegmentedHSM
import WireFormat

/// What a record of the store `state` is. The first byte of its plaintext.
enum RecordKind: UInt8 {
    case account = 0
    case nodeState = 1
    case chains = 2
    case contact = 3
    case conversation = 4
    case outboxItem = 5
    case held = 6
    case invitation = 7
    case keyPackages = 8
    case introduction = 9
    case file = 10
    case draft = 11
    case voiceDraft = 12
    /// Which conversation the user looks at.
    case view = 13
}

/// The sealed records, each under its own key, at storage keys that tell nothing.
final class Vault {
    let hsm: HSM
    private let effects: Effects

    init(hsm: HSM, effects: Effects) {
        self.hsm = hsm
        self.effects = effects
    }

    /// Seals the record and writes it with the current output.
    func save(_ kind: RecordKind, _ id: [UInt8], _ record: some WireEncodable) {
        var plaintext = [kind.rawValue] + record.encoded
        defer { wipe(&plaintext) }
        guard let key = key(kind, id), let sealed = seal(plaintext, context: key) else { return }
        effects.write(.state, key, sealed)
    }

    func delete(_ kind: RecordKind, _ id: [UInt8]) {
        guard let key = key(kind, id) else { return }
        effects.write(.state, key, nil)
    }

    /// A record's kind and content. nil: it is damaged, or somebody else's.
    func open(_ record: StoredRecord) -> (kind: RecordKind, content: [UInt8])? {
        guard var plaintext = open(record.value, context: record.key), let first = plaintext.first,
            let kind = RecordKind(rawValue: first)
        else { return nil }
        plaintext.removeFirst()
        return (kind, plaintext)
    }

    /// The storage key of a part of a message (``MessageLog``).
    func messageKey(_ conversation: [UInt8], order: UInt64, part: UInt8) -> [UInt8]? {
        var writer = WireWriter()
        writer.write(fixed: label("message"))
        writer.write(fixed: conversation)
        writer.write(order)
        writer.write(part)
        return indexKey(writer.bytes)
    }

    func seal(_ plaintext: [UInt8], context: [UInt8]) -> [UInt8]? {
        do throws(HSMError) {
            return try hsm.seal(record: plaintext, context: context, random: effects.random)
        } catch {
            effects.isBroken = true
            return nil
        }
    }

    func open(_ sealed: [UInt8], context: [UInt8]) -> [UInt8]? {
        do throws(HSMError) {
            return try hsm.open(record: sealed, context: context)
        } catch {
            return nil
        }
    }

    private func key(_ kind: RecordKind, _ id: [UInt8]) -> [UInt8]? {
        indexKey(label("state") + [kind.rawValue] + id)
    }

    private func indexKey(_ label: [UInt8]) -> [UInt8]? {
        do throws(HSMError) {
            return try hsm.indexKey(label)
        } catch {
            effects.isBroken = true
            return nil
        }
    }
}
