import Foundation
import MoCaRunLog
import Testing

@testable import moca

/// What a training run shows on a terminal, and elsewhere.
@Suite struct TrainingScreenTests {
    private final class Output {
        var text = ""
        var time = ContinuousClock.now
    }

    private func screen(_ output: Output, isTerminal: Bool) -> TrainingScreen {
        TrainingScreen(
            totalSteps: 100, isTerminal: isTerminal, now: { output.time },
            write: { output.text += $0 })
    }

    private func row(_ step: Int) -> MetricsRow {
        var row = MetricsRow(step: step)
        row.loss = 1.25
        row.learningRate = 1e-4
        row.gradientNorm = 2
        row.tokensPerSecond = 910
        row.mfu = 0.25
        row.peakMemoryBytes = 4_000_000_000
        row.memoryBytes = 3_000_000_000
        return row
    }

    @Test func aTerminalHasABarBelowItsLines() {
        let output = Output()
        let screen = screen(output, isTerminal: true)
        screen.advance(10)
        output.time += .seconds(20)
        screen.show(row(20))
        #expect(
            output.text.hasSuffix(
                "[====                ] 20/100  loss 1.2500  lr 1.0e-04  norm 2.0  910 tokens/s  "
                    + "mfu 0.25  3.00 GB  ETA 02:40"))
        screen.say("a line")
        let lines = output.text.components(separatedBy: "\n")
        #expect(lines.count == 2 && lines[0].hasSuffix("\r\u{1b}[Ka line"))
        #expect(lines[1].hasPrefix("[====  "))
        // Steps that follow at once are not drawn.
        let before = output.text
        screen.advance(21)
        #expect(output.text == before)
        output.time += .hours(2)
        screen.advance(22)
        #expect(output.text.hasSuffix("ETA 13:02:10"), "\(output.text.suffix(30))")
        screen.close()
        #expect(output.text.hasSuffix("\n"))
    }

    @Test func elsewhereThereAreOnlyLines() {
        let output = Output()
        let screen = screen(output, isTerminal: false)
        screen.say("one")
        screen.show(row(20))
        screen.advance(21)
        screen.say("two")
        screen.close()
        #expect(output.text == "one\ntwo\n")
    }
}

extension Duration {
    fileprivate static func hours(_ count: Int) -> Duration { .seconds(count * 3600) }
}
