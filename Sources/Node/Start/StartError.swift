/// Why a node does not start, in words for the person at the terminal.
public struct StartError: Error, CustomStringConvertible, Sendable {
    /// What is wrong.
    public let problem: String
    /// What to do about it.
    public let advice: String

    init(_ problem: String, advice: String) {
        self.problem = problem
        self.advice = advice
    }

    /// Both, on one line.
    public var description: String { "\(problem): \(advice)" }
}
