import Testing
@testable import MoCaCore

@Suite struct NumberTextTests {
    @Test func decimalsAndPercentagesAreRounded() {
        #expect(NumberText.decimal(0.126) == "0.13")
        #expect(NumberText.decimal(2, digits: 0) == "2")
        #expect(NumberText.percent(0.25) == "25.0")
    }

    @Test(arguments: [(999_999, "1.0 MB"), (999_999_999, "1000.0 MB"), (1_500_000_000, "1.50 GB")])
    func byteSizesUseDecimalUnits(byteCount: Int, text: String) {
        #expect(NumberText.byteSize(byteCount) == text)
    }
}
