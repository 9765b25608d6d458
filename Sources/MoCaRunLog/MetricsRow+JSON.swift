// Writes and reads rows of metrics.jsonl.

extension MetricsRow {
    private static let subsetLossesName = "subset_losses"
    private static let subsetTermsName = "subset_terms"

    /// The figures of the row with their names, in the order of a line, without those of subsets.
    package var figures: [(name: String, number: MetricsNumber)] {
        func numbers(_ columns: [MetricsColumn]) -> [(name: String, number: MetricsNumber)] {
            columns.compactMap { column in column.number(self).map { (column.name, $0) } }
        }
        func sorted(_ values: [String: Double]) -> [(name: String, number: MetricsNumber)] {
            values.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) }
        }
        return numbers(MetricsColumn.first) + sorted(terms) + numbers(MetricsColumn.others)
            + sorted(scores)
    }

    /// The line of `metrics.jsonl`, without a line terminator.
    package var jsonLine: String {
        var line = JSONLine()
        line.add("step", step)
        for figure in figures {
            switch figure.number {
            case .integer(let value): line.add(figure.name, value)
            case .number(let value): line.add(figure.name, value)
            }
        }
        for column in RankColumn.all {
            if let numbers = column.numbers(ranks) { line.add(column.name, numbers) }
        }
        if !subsetLosses.isEmpty {
            line.add(Self.subsetLossesName, subsetLosses) { $0.add($1, $2) }
            line.add(Self.subsetTermsName, subsetTerms) { line, subset, terms in
                line.add(subset, terms) { line, term, share in
                    var sum = JSONLine()
                    sum.add("sum", share.sum ?? .nan)
                    sum.add("count", share.count)
                    line.add(term, sum)
                }
            }
        }
        return line.text
    }

    /// The TensorBoard values and their tags: every finite number of the line, with groups sorted
    /// by name.
    package var eventValues: [(tag: String, value: EventValue)] {
        typealias Scalar = (tag: String, value: Double)
        var groups: [(name: String, scalars: [Scalar])] = figures.map {
            ($0.name, [($0.name, $0.number.value)])
        }
        groups.append(
            (
                Self.subsetLossesName,
                subsetLosses.sorted { $0.key < $1.key }.map {
                    ("\(Self.subsetLossesName)/\($0.key)", $0.value)
                }
            ))
        groups.append(
            (
                Self.subsetTermsName,
                subsetTerms.sorted { $0.key < $1.key }.flatMap { subset, terms in
                    terms.sorted { $0.key < $1.key }.flatMap { term, share -> [Scalar] in
                        let folder = "\(Self.subsetTermsName)/\(subset)/\(term)"
                        return [
                            ("\(folder)/count", Double(share.count)),
                            ("\(folder)/sum", share.sum ?? .nan),
                        ]
                    }
                }
            ))
        for column in RankColumn.all {
            let scalars = ranks.enumerated().compactMap { rank, figures -> Scalar? in
                column.number(figures).map { ("\(column.name)/\(rank)", $0.value) }
            }
            groups.append((column.name, scalars))
        }
        return groups.sorted { $0.name < $1.name }.flatMap(\.scalars)
            .filter(\.value.isFinite).map { ($0.tag, .scalar($0.value)) }
    }
}

extension MetricsRow: Decodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// A value of a line: a number, null, or a value that is not a figure.
    private struct Figure: Decodable {
        let number: Double?

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            do {
                number = value.decodeNil() ? .nan : try value.decode(Double.self)
            } catch DecodingError.typeMismatch {
                number = nil
            }
        }
    }

    /// Reads a line; members that are not figures are skipped.
    package init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: Key.self)
        step = try line.decode(Int.self, forKey: Key(stringValue: "step"))
        for key in line.allKeys {
            switch key.stringValue {
            case "step": continue
            case Self.subsetLossesName:
                subsetLosses = try line.decode([String: Double?].self, forKey: key)
                    .mapValues { $0 ?? .nan }
            case Self.subsetTermsName:
                subsetTerms = try line.decode([String: [String: TermSum]].self, forKey: key)
            case let name where RankColumn.byName[name] != nil:
                read(name, try line.decode([Double?].self, forKey: key))
            case let name:
                let figure = try line.decode(Figure.self, forKey: key)
                if let number = figure.number { set(name, to: number) }
            }
        }
    }

    /// Reads a figure of all ranks.
    private mutating func read(_ name: String, _ numbers: [Double?]) {
        guard let column = RankColumn.byName[name] else { return }
        while ranks.count < numbers.count { ranks.append(RankFigures()) }
        for (rank, number) in numbers.enumerated() { column.set(&ranks[rank], number ?? .nan) }
    }

    private mutating func set(_ name: String, to number: Double) {
        if let column = MetricsColumn.byName[name] {
            column.set(&self, number)
        } else if name.hasPrefix(Self.scorePrefix) {
            scores[name] = number
        } else {
            terms[name] = number
        }
    }
}
