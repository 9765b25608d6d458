import MoCaCore
import Testing

@Suite struct TextTableTests {
    private let rows = [["", "files", "state"], ["a.tar", "12", "to do"], ["b", "3", ""]]

    @Test func textIsAlignedAtTheLeftWithoutTrailingSpaces() {
        #expect(
            TextTable.lines(rows) == [
                "       files  state", "a.tar  12     to do", "b      3",
            ])
    }

    @Test func numbersAreAlignedAtTheRight() {
        #expect(
            TextTable.lines(rows, alignsNumbers: true) == [
                "       files  state", "a.tar     12  to do", "b          3",
            ])
    }

    @Test func noRowsGiveNoLines() { #expect(TextTable.lines([]).isEmpty) }
}
