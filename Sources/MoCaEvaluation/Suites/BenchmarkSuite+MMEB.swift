// The sets of MMEB: 36 image sets, which MMEB-V2 kept.

extension BenchmarkSuite {
    /// MMEB's 36 sets. 20 of them are in distribution: of types that its training data contains.
    package static let mmeb = BenchmarkSuite(
        groups: [
            group("Classification", classification), group("VQA", questionAnswering),
            group("Retrieval", retrievalSets), group("Visual Grounding", grounding),
            group("IND", sets.filter { !outOfDistribution.contains($0) }),
            group("OOD", sets.filter { outOfDistribution.contains($0) }), group("all", sets),
        ], tasks: ["Classification", "VQA", "Retrieval", "Visual Grounding"],
        metric: PrecisionAtOne.measure,
        refused: Dictionary(
            uniqueKeysWithValues: videoSets.map { ($0, "it is a set of videos") }))

    private static func group(_ name: String, _ sets: [String]) -> Group {
        Group(
            name, metric: PrecisionAtOne.measure,
            source: "VLM2Vec, arXiv 2410.05160, table 1", sets)
    }

    private static let sets = classification + questionAnswering + retrievalSets + grounding

    private static let classification = [
        "ImageNet-1K", "N24News", "HatefulMemes", "VOC2007", "SUN397", "Place365", "ImageNet-A",
        "ImageNet-R", "ObjectNet", "Country211",
    ]

    private static let questionAnswering = [
        "OK-VQA", "A-OKVQA", "DocVQA", "InfographicsVQA", "ChartQA", "Visual7W", "ScienceQA",
        "VizWiz", "GQA", "TextVQA",
    ]

    private static let retrievalSets = [
        "VisDial", "CIRR", "VisualNews_t2i", "VisualNews_i2t", "MSCOCO_t2i", "MSCOCO_i2t",
        "NIGHTS", "WebQA", "FashionIQ", "Wiki-SS-NQ", "OVEN", "EDIS",
    ]

    private static let grounding = ["MSCOCO", "RefCOCO", "RefCOCO-Matching", "Visual7W-Pointing"]

    private static let outOfDistribution: Set<String> = [
        "Place365", "ImageNet-A", "ImageNet-R", "ObjectNet", "Country211", "ScienceQA", "VizWiz",
        "GQA", "TextVQA", "OVEN", "FashionIQ", "EDIS", "Wiki-SS-NQ", "Visual7W-Pointing",
        "RefCOCO", "RefCOCO-Matching",
    ]

    /// The video sets of MMEB-V2 (arXiv 2507.04590), by their names in its program.
    private static let videoSets = [
        "K700", "Kinetics-700", "SmthSmthV2", "HMDB51", "UCF101", "Breakfast", "MVBench",
        "Video-MME", "NExTQA", "EgoSchema", "ActivityNetQA", "DiDeMo", "MSR-VTT", "MSVD", "VATEX",
        "YouCook2", "QVHighlight", "Charades-STA", "MomentSeeker",
    ]
}
