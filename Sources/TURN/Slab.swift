/// Values at numbers that stay theirs until they are removed; the numbers of removed ones are given out again.
struct Slab<Element: BitwiseCopyable> {
    private var elements: ContiguousArray<Element> = []
    private var free: ContiguousArray<UInt32> = []

    /// How many values there are.
    var count: Int { elements.count - free.count }

    mutating func insert(_ element: Element) -> UInt32 {
        if let index = free.popLast() {
            elements[Int(index)] = element
            return index
        }
        elements.append(element)
        return UInt32(elements.count - 1)
    }

    mutating func remove(_ index: UInt32) {
        free.append(index)
    }

    /// All numbers that have ever been given out, and what was last there.
    var indices: Range<UInt32> { 0..<UInt32(elements.count) }
    var all: ContiguousArray<Element> { elements }

    subscript(_ index: UInt32) -> Element {
        @inline(__always) get { elements[Int(index)] }
        @inline(__always) _modify { yield &elements[Int(index)] }
    }
}

extension UInt32 {
    /// A number that no ``Slab`` gives out.
    static let none = UInt32.max
}
