import WireFormat

// What a host shows stands behind its own length each: an item that it cannot read costs that item, not those after it.
extension WireWriter {
    mutating func write<Item: WireEncodable>(items: [Item]) {
        writeVector { writer in
            for item in items { writer.write(opaque: item.encoded) }
        }
    }
}

extension WireReader {
    mutating func readItems<Item: WireDecodable>() throws(WireError) -> [Item] {
        var slice = try readSlice()
        var items: [Item] = []
        while !slice.isAtEnd { items.append(try Item(decoding: try slice.readOpaque())) }
        return items
    }
}
