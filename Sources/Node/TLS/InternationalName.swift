/// Host names in other scripts than Latin, in the form in which they are looked up and stand in certificates (RFC 5890 §2.3.2.1).
enum InternationalName {
    /// - Parameter name: in lower case.
    /// - Returns: each label that is not ASCII as `xn--` and its Punycode; nil for what is too long to be a name.
    static func ascii(_ name: String) -> String? {
        if name.utf8.allSatisfy({ $0 < 0x80 }) { return name }
        guard name.utf8.count <= 1_000 else { return nil }
        // Other scripts' full stops part labels, too (RFC 3490 §3.1).
        let parts = name.unicodeScalars.split(omittingEmptySubsequences: false) {
            [0x2E, 0x3002, 0xFF0E, 0xFF61].contains($0.value)
        }
        return parts.map { part in
            part.allSatisfy(\.isASCII) ? String(String.UnicodeScalarView(part)) : "xn--" + punycode(part.map(\.value))
        }.joined(separator: ".")
    }

    /// RFC 3492 §6.3, with the parameters of §5.
    private static func punycode(_ label: [UInt32]) -> String {
        let basic = label.filter { $0 < 0x80 }
        var output = basic.map { UInt8($0) }
        if !basic.isEmpty { output.append(UInt8(ascii: "-")) }
        var next: UInt32 = 128
        var delta = 0
        var bias = 72
        var handled = basic.count
        while handled < label.count {
            guard let least = label.filter({ $0 >= next }).min() else { break }
            delta += Int(least - next) * (handled + 1)
            next = least
            for scalar in label {
                if scalar < next { delta += 1 }
                guard scalar == next else { continue }
                var rest = delta
                var digits = 36
                while true {
                    let threshold = min(max(digits - bias, 1), 26)
                    if rest < threshold { break }
                    output.append(digit(threshold + (rest - threshold) % (36 - threshold)))
                    rest = (rest - threshold) / (36 - threshold)
                    digits += 36
                }
                output.append(digit(rest))
                bias = adapted(delta, handled + 1, isFirst: handled == basic.count)
                delta = 0
                handled += 1
            }
            delta += 1
            next += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func digit(_ value: Int) -> UInt8 { UInt8(value < 26 ? value + 97 : value + 22) }

    /// RFC 3492 §6.1.
    private static func adapted(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var bias = 0
        while delta > 455 {
            delta /= 35
            bias += 36
        }
        return bias + 36 * delta / (delta + 38)
    }
}
