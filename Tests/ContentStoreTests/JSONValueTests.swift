// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Testing

struct JSONValueTests {
    private func parsed(_ text: String) throws(JSONError) -> JSONValue {
        try JSONValue(parsing: Array(text.utf8))
    }

    private func complaint(_ bytes: [UInt8]) -> String? {
        do {
            _ = try JSONValue(parsing: bytes)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `a document of too many values is refused where they begin to be too many`() throws {
        func refusal(_ text: [UInt8], valueLimit: Int = JSONValue.usualValueLimit) -> String? {
            do throws(JSONError) {
                _ = try JSONValue(parsing: text, valueLimit: valueLimit)
                return nil
            } catch {
                return error.description
            }
        }
        func words(_ offset: Int) -> String { "not valid JSON at byte \(offset): it holds too many values" }
        let list = Array(("[" + Array(repeating: "[]", count: 9).joined(separator: ",") + "]").utf8)
        #expect(refusal(list, valueLimit: 10) == nil)
        #expect(refusal(list, valueLimit: 9) == words(25))
        let members = Array(#"{"a":1,"b":{"c":2}}"#.utf8)
        #expect(refusal(members, valueLimit: 4) == nil)
        #expect(refusal(members, valueLimit: 3) == words(16))
        // Where no limit is named there is one.
        let flood = Array(("[" + String(repeating: "0,", count: JSONValue.usualValueLimit) + "0]").utf8)
        #expect(refusal(flood) == words(2 * JSONValue.usualValueLimit - 1))
    }

    @Test func `a number takes no memory beside its place in a list`() {
        #expect(MemoryLayout<JSONValue>.stride <= 3 * MemoryLayout<Int>.stride)
    }

    @Test func `members are sorted by the bytes of their names`() {
        let value: JSONValue = ["b": 1, "a": 2, "B": 3, "aa": 4, "": 5, "é": 6, "z": 7, "\u{10000}": 8, "\u{ffff}": 9]
        #expect(
            value.canonicalText
                == #"{"":5,"B":3,"a":2,"aa":4,"b":1,"z":7,"é":6,"\#u{ffff}":9,"\#u{10000}":8}"#)
    }

    @Test func `quotes, backslashes and controls are escaped and nothing else`() {
        let value: JSONValue = "\"\\/\n\r\t\u{0}\u{1f}\u{7f}\u{80}é€😀"
        #expect(value.canonicalText == #""\"\\/\n\r\t\u0000\u001f\u007f\#u{80}é€😀""#)
    }

    @Test(arguments: [
        (JSONValue.integer(3), "3"), (.number(3), "3.0"), (.number(0.001), "0.001"), (.number(1e-5), "1e-05"),
        (.number(1e16), "1e+16"), (.number(-0.5), "-0.5"), (.number(.leastNonzeroMagnitude), "5e-324"),
        (.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"),
        (.null, "null"), (.boolean(true), "true"), (.boolean(false), "false"),
        (.array([]), "[]"), (.object([:]), "{}"),
    ])
    func `each value has its one text`(value: JSONValue, text: String) throws {
        #expect(value.canonicalText == text)
        #expect(try parsed(text) == value)
    }

    @Test func `an integer is not the number of the same value`() throws {
        #expect(JSONValue.integer(3) != .number(3))
        #expect(try parsed("3") == .integer(3))
        #expect(try parsed("3.0") == .number(3))
        #expect(try parsed("3e0") == .number(3))
        #expect(JSONValue.integer(3).number == 3)
        #expect(JSONValue.number(3).integer == nil)
    }

    @Test func `a text for people is the same value`() throws {
        let value: JSONValue = ["b": [1, ["c": []]], "a": ["x": [:], "y": "z"]]
        #expect(
            value.indentedText == """
                {
                  "a": {
                    "x": {},
                    "y": "z"
                  },
                  "b": [
                    1,
                    {
                      "c": []
                    }
                  ]
                }

                """)
        #expect(try parsed(value.indentedText) == value)
    }

    @Test func `what is written is read back, for any value`() throws {
        var random = SeededRandom(seed: 20_161_121)
        var kinds: Set<String> = []
        for _ in 0..<3000 {
            let value = JSONValue.any(&random)
            let text = value.canonicalText
            let again = try parsed(text)
            #expect(again == value)
            #expect(again.canonicalBytes == Array(text.utf8))
            #expect(try parsed(value.indentedText).canonicalText == text)
            kinds.insert(String(text.prefix(1)))
        }
        #expect(kinds.isSuperset(of: ["{", "[", "\"", "-", "n", "t", "f"]), "the generator became one-sided")
    }

    @Test func `every beginning of a document is refused`() throws {
        let text = #" {"a\n": [1, -2.5e+3, true, false, null, "\u00e9\ud83d\ude00"], "b": {"c": []}}"#
        let bytes = Array(text.utf8)
        #expect(try parsed(text)["b"]?["c"] == .array([]))
        for count in bytes.indices { #expect(complaint(Array(bytes[..<count])) != nil, "\(count) bytes") }
    }

    @Test func `a document with any one byte replaced is refused or is another document of its own`() throws {
        let bytes = Array(#"{"a":[1,-2.5,true,"\u00e9x"],"b":null}"#.utf8)
        var refusals = 0
        for index in bytes.indices {
            for byte in UInt8.min...UInt8.max where byte != bytes[index] {
                var changed = bytes
                changed[index] = byte
                guard let value = try? JSONValue(parsing: changed) else {
                    refusals += 1
                    continue
                }
                #expect(try JSONValue(parsing: value.canonicalBytes) == value)
            }
        }
        #expect(refusals > 8000)
    }

    @Test(arguments: [
        ("", "not valid JSON at byte 0: a value was expected"),
        (" ", "not valid JSON at byte 1: a value was expected"),
        ("nul", "not valid JSON at byte 0: a value was expected"),
        ("1 2", "not valid JSON at byte 2: text after the value"),
        ("[1,]", "not valid JSON at byte 3: a value was expected"),
        ("[1", "not valid JSON at byte 2: ']' was expected"),
        ("{\"a\" 1}", "not valid JSON at byte 5: ':' was expected"),
        ("{\"a\":1", "not valid JSON at byte 6: '}' was expected"),
        ("{\"a\":1,}", "not valid JSON at byte 7: a member's name was expected"),
        ("{a:1}", "not valid JSON at byte 1: a member's name was expected"),
        ("{\"a\":1,\"a\":1}", "not valid JSON at byte 12: the member 'a' stands twice"),
        ("{\"a\":1,\"\\u0061\":2}", "not valid JSON at byte 17: the member 'a' stands twice"),
        ("\"a", "not valid JSON at byte 2: the text does not end"),
        ("\"a\\", "not valid JSON at byte 3: the text does not end"),
        ("\"\n\"", "not valid JSON at byte 2: a control character in a text"),
        ("\"\\x\"", "not valid JSON at byte 3: an unknown escape"),
        ("\"\\u12g4\"", "not valid JSON at byte 3: four hexadecimal digits were expected"),
        ("\"\\u+123\"", "not valid JSON at byte 3: four hexadecimal digits were expected"),
        ("\"\\ud800\"", "not valid JSON at byte 7: half of a surrogate pair"),
        ("\"\\ud800x\"", "not valid JSON at byte 7: half of a surrogate pair"),
        ("\"\\udc00\"", "not valid JSON at byte 7: half of a surrogate pair"),
        ("\"\\ud800\\ud800\"", "not valid JSON at byte 13: half of a surrogate pair"),
        ("\"\\ud800\\u0041\"", "not valid JSON at byte 13: half of a surrogate pair"),
        ("-", "not valid JSON at byte 0: not a number"),
        ("1-2", "not valid JSON at byte 0: not a number"),
        ("1e999", "not valid JSON at byte 0: not a number"),
        ("9223372036854775808", "not valid JSON at byte 0: not a number"),
        ("01", "not valid JSON at byte 0: not a number"),
        ("-01", "not valid JSON at byte 0: not a number"),
        ("1.", "not valid JSON at byte 0: not a number"),
        ("1.e3", "not valid JSON at byte 0: not a number"),
        ("1e", "not valid JSON at byte 0: not a number"),
        ("1e+", "not valid JSON at byte 0: not a number"),
        ("+1", "not valid JSON at byte 0: a value was expected"),
        (".5", "not valid JSON at byte 0: a value was expected"),
        ("NaN", "not valid JSON at byte 0: a value was expected"),
        ("[1] x", "not valid JSON at byte 4: text after the value"),
    ])
    func `a text that is no JSON is refused with its place`(text: String, expected: String) {
        #expect(complaint(Array(text.utf8)) == expected)
    }

    @Test func `nesting ends at 128 levels`() throws {
        let opening = [UInt8](repeating: UInt8(ascii: "["), count: 128)
        let closing = [UInt8](repeating: UInt8(ascii: "]"), count: 128)
        #expect(complaint(opening + closing) == nil)
        #expect(
            complaint([UInt8(ascii: "[")] + opening + closing + closing)
                == "not valid JSON at byte 128: nested too deeply")
        let hostile = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(complaint(hostile) == "not valid JSON at byte 128: nested too deeply")
        let objects = Array(String(repeating: #"{"a":"#, count: 200_000).utf8)
        #expect(complaint(objects) == "not valid JSON at byte 640: nested too deeply")
    }

    @Test(
        arguments: [
            [0x80], [0xc0, 0x80], [0xff], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3],
        ] as [[UInt8]])
    func `bytes that are no UTF-8 are refused`(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let place = bytes.count + 2
        #expect(complaint([quote] + bytes + [quote]) == "not valid JSON at byte \(place): invalid UTF-8")
        #expect(complaint(bytes) == "not valid JSON at byte 0: a value was expected")
    }

    @Test func `members of other types are nil`() {
        let value: JSONValue = ["text": "x", "list": [1], "yes": true, "digest": "abc"]
        #expect(value["text"]?.text == "x")
        #expect(value["text"]?.integer == nil)
        #expect(value["missing"] == nil)
        #expect(value["list"]?["text"] == nil)
        #expect(value["list"]?.array == [1])
        #expect(value["yes"]?.boolean == true)
        #expect(value["yes"]?.number == nil)
        #expect(value["digest"]?.digest == nil)
        #expect(JSONValue.null.object == nil)
    }
}
