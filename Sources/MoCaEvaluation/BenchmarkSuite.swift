// Which sets a published average is over, and the averages.

/// A benchmark of several sets: named groups of sets, and the mean of each.
package struct BenchmarkSuite: Sendable {
    /// Sets whose scores are averaged.
    package struct Group: Sendable, Hashable {
        /// The group's name, such as `VQA`.
        package let name: String
        /// The names of its sets.
        package let sets: [String]

        package init(_ name: String, _ sets: [String]) {
            self.name = name
            self.sets = sets
        }
    }

    /// The groups, in the order in which they are shown.
    package let groups: [Group]
    /// The measure that is averaged, such as `precision_at_1`.
    package let metric: String

    package init(groups: [Group], metric: String) {
        self.groups = groups
        self.metric = metric
    }

    /// The groups' means over the sets that are in `sets`; a group without any of them is left out.
    package func means(_ sets: [String: SetScore]) -> [String: GroupScore] {
        var means: [String: GroupScore] = [:]
        for group in groups {
            let values = group.sets.compactMap { sets[$0]?.value(of: metric) }
            guard !values.isEmpty else { continue }
            means[group.name] = GroupScore(
                metric: metric, mean: values.reduce(0, +) / Double(values.count),
                setCount: values.count,
                missing: group.sets.filter { sets[$0]?.value(of: metric) == nil })
        }
        return means
    }
}

extension BenchmarkSuite {
    /// MMEB's 36 sets (Jiang et al., "VLM2Vec", 2024, table 1): 20 of them in distribution.
    package static let mmeb = BenchmarkSuite(
        groups: [
            Group("Classification", classification), Group("VQA", questionAnswering),
            Group("Retrieval", retrieval), Group("Visual Grounding", grounding),
            Group("IND", mmebSets.filter { !outOfDistribution.contains($0) }),
            Group("OOD", mmebSets.filter { outOfDistribution.contains($0) }),
            Group("all", mmebSets),
        ], metric: "precision_at_1")

    /// ViDoRe v2, as the mean of MoCa's paper is taken (seven sets).
    package static let vidoreV2 = BenchmarkSuite(
        groups: [
            Group(
                "ViDoRe-v2",
                ["ESG_Human", "Eco_Mul", "Bio", "ESG_Syn", "ESG_Syn_Mul", "Bio_Mul", "Eco"])
        ], metric: "ndcg_at_5")

    private static let mmebSets = classification + questionAnswering + retrieval + grounding

    private static let classification = [
        "ImageNet-1K", "N24News", "HatefulMemes", "VOC2007", "SUN397", "Place365", "ImageNet-A",
        "ImageNet-R", "ObjectNet", "Country211",
    ]

    private static let questionAnswering = [
        "OK-VQA", "A-OKVQA", "DocVQA", "InfographicsVQA", "ChartQA", "Visual7W", "ScienceQA",
        "VizWiz", "GQA", "TextVQA",
    ]

    private static let retrieval = [
        "VisDial", "CIRR", "VisualNews_t2i", "VisualNews_i2t", "MSCOCO_t2i", "MSCOCO_i2t",
        "NIGHTS", "WebQA", "FashionIQ", "Wiki-SS-NQ", "OVEN", "EDIS",
    ]

    private static let grounding = ["MSCOCO", "RefCOCO", "RefCOCO-Matching", "Visual7W-Pointing"]

    private static let outOfDistribution: Set<String> = [
        "Place365", "ImageNet-A", "ImageNet-R", "ObjectNet", "Country211", "ScienceQA", "VizWiz",
        "GQA", "TextVQA", "OVEN", "FashionIQ", "EDIS", "Wiki-SS-NQ", "Visual7W-Pointing",
        "RefCOCO", "RefCOCO-Matching",
    ]
}
