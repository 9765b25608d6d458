// The sets of ViDoRe and of MMEB-V2's visual documents. Several averages are called ViDoRe v2; here
// each has a distinct name.

extension BenchmarkSuite {
    /// ViDoRe v1, v2 and v3, and the visual documents of MMEB-V2.
    package static let vidore = BenchmarkSuite(
        groups: [
            Group("ViDoRe v1 (mteb)", metric: "ndcg_at_5", source: mteb("ViDoRe(v1)"), mtebV1),
            Group("ViDoRe v2 (mteb)", metric: "ndcg_at_5", source: mteb("ViDoRe(v2)"), mtebV2),
            Group(
                "ViDoRe v2 (MoCa, 7 sets)", metric: "ndcg_at_5",
                source: "MoCa, arXiv 2506.23115, table 2", mocaV2),
            Group(
                "ViDoRe v2 (Nomic, 9 sets)", metric: "ndcg_at_5",
                source: "model card of nomic-ai/colnomic-embed-multimodal-7b",
                mocaV2 + ["AXA", "AXA_Mul"]),
            Group(
                "ViDoRe v3 (mteb, public sets)", metric: "ndcg_at_10", source: mteb("ViDoRe(v3)"),
                mtebV3),
            visualDocuments("ViDoRe v1", documentsV1), visualDocuments("ViDoRe v2", documentsV2),
            visualDocuments("VisRAG", visrag), visualDocuments("VisDoc-OOD", documentsOOD),
            visualDocuments("VisDoc", documentsV1 + documentsV2 + visrag + documentsOOD),
        ], metric: "ndcg_at_5", aliases: aliases, sources: sources,
        refused: [
            "Vidore3TelecomRetrieval": "its pages are not public",
            "Vidore3NuclearRetrieval": "its pages are not public",
        ],
        // As declared by mteb's tasks, including sets with French pages.
        englishTasks: Set(mtebV1 + ["Vidore2ESGReportsHLRetrieval"]))

    private static func mteb(_ benchmark: String) -> String {
        "mteb, mteb/benchmarks/benchmarks/benchmarks.py, \(benchmark)"
    }

    /// MMEB-V2's measure is nDCG@5 with linear gains.
    private static func visualDocuments(_ name: String, _ sets: [String]) -> Group {
        Group(
            "\(name) (MMEB-V2)", metric: "ndcg_at_5",
            source: "VLM2Vec-V2, arXiv 2507.04590, visual documents", sets)
    }

    // MARK: mteb

    private static let mtebV1 = [
        "VidoreArxivQARetrieval", "VidoreDocVQARetrieval", "VidoreInfoVQARetrieval",
        "VidoreTabfquadRetrieval", "VidoreTatdqaRetrieval", "VidoreShiftProjectRetrieval",
        "VidoreSyntheticDocQAAIRetrieval", "VidoreSyntheticDocQAEnergyRetrieval",
        "VidoreSyntheticDocQAGovernmentReportsRetrieval",
        "VidoreSyntheticDocQAHealthcareIndustryRetrieval",
    ]

    private static let mtebV2 = [
        "Vidore2ESGReportsRetrieval", "Vidore2EconomicsReportsRetrieval",
        "Vidore2BioMedicalLecturesRetrieval", "Vidore2ESGReportsHLRetrieval",
    ]

    /// The public sets of ViDoRe v3; two more are private.
    private static let mtebV3 = [
        "Vidore3FinanceEnRetrieval", "Vidore3IndustrialRetrieval",
        "Vidore3ComputerScienceRetrieval", "Vidore3PharmaceuticalsRetrieval",
        "Vidore3HrRetrieval", "Vidore3FinanceFrRetrieval", "Vidore3PhysicsRetrieval",
        "Vidore3EnergyRetrieval",
    ]

    /// Task names by repository name in `vidore` on the Hub.
    private static let aliases = namesOnHub.merging(
        mtebV3Topics.flatMap { topic, task in
            ["vidore_v3_\(topic)", "vidore_v3_\(topic)_mteb_format"].map { ($0, task) }
        }
    ) { $1 }

    private static let mtebV3Topics = [
        "finance_en": "Vidore3FinanceEnRetrieval", "industrial": "Vidore3IndustrialRetrieval",
        "computer_science": "Vidore3ComputerScienceRetrieval",
        "pharmaceuticals": "Vidore3PharmaceuticalsRetrieval", "hr": "Vidore3HrRetrieval",
        "finance_fr": "Vidore3FinanceFrRetrieval", "physics": "Vidore3PhysicsRetrieval",
        "energy": "Vidore3EnergyRetrieval",
    ]

    private static let namesOnHub = [
        "arxivqa_test_subsampled_beir": "VidoreArxivQARetrieval",
        "docvqa_test_subsampled_beir": "VidoreDocVQARetrieval",
        "infovqa_test_subsampled_beir": "VidoreInfoVQARetrieval",
        "tabfquad_test_subsampled_beir": "VidoreTabfquadRetrieval",
        "tatdqa_test_beir": "VidoreTatdqaRetrieval",
        "shiftproject_test_beir": "VidoreShiftProjectRetrieval",
        "syntheticDocQA_artificial_intelligence_test_beir": "VidoreSyntheticDocQAAIRetrieval",
        "syntheticDocQA_energy_test_beir": "VidoreSyntheticDocQAEnergyRetrieval",
        "syntheticDocQA_government_reports_test_beir":
            "VidoreSyntheticDocQAGovernmentReportsRetrieval",
        "syntheticDocQA_healthcare_industry_test_beir":
            "VidoreSyntheticDocQAHealthcareIndustryRetrieval",
        "esg_reports_v2": "Vidore2ESGReportsRetrieval",
        "economics_reports_v2": "Vidore2EconomicsReportsRetrieval",
        "biomedical_lectures_v2": "Vidore2BioMedicalLecturesRetrieval",
        "esg_reports_human_labeled_v2": "Vidore2ESGReportsHLRetrieval",
        // From MMEB-V2: VLM2Vec, src/constant/dataset_hf_path.py.
        "VisRAG-Ret-Test-ArxivQA": "VisRAG_ArxivQA", "VisRAG-Ret-Test-ChartQA": "VisRAG_ChartQA",
        "VisRAG-Ret-Test-MP-DocVQA": "VisRAG_MP-DocVQA",
        "VisRAG-Ret-Test-SlideVQA": "VisRAG_SlideVQA",
        "VisRAG-Ret-Test-InfoVQA": "VisRAG_InfoVQA", "VisRAG-Ret-Test-PlotQA": "VisRAG_PlotQA",
        "ViDoSeek": "ViDoSeek-doc", "ViDoSeek-page-fixed": "ViDoSeek-page",
        "MMLongBench-page-fixed": "MMLongBench-page",
    ]

    /// The set and language in mteb that each set of other lists is made of. ViDoRe v2 was
    /// published with an English and a multilingual set of each type; the Hub now has one of each
    /// with all languages, whose English part is the former (VLM2Vec,
    /// src/constant/dataset_hf_path.py: names, repositories and languages, with the old ones in its
    /// comments).
    private static let sources: [String: Source] = [
        "ViDoRe_arxivqa": Source("VidoreArxivQARetrieval"),
        "ViDoRe_docvqa": Source("VidoreDocVQARetrieval"),
        "ViDoRe_infovqa": Source("VidoreInfoVQARetrieval"),
        "ViDoRe_tabfquad": Source("VidoreTabfquadRetrieval"),
        "ViDoRe_tatdqa": Source("VidoreTatdqaRetrieval"),
        "ViDoRe_shiftproject": Source("VidoreShiftProjectRetrieval"),
        "ViDoRe_syntheticDocQA_artificial_intelligence":
            Source("VidoreSyntheticDocQAAIRetrieval"),
        "ViDoRe_syntheticDocQA_energy": Source("VidoreSyntheticDocQAEnergyRetrieval"),
        "ViDoRe_syntheticDocQA_government_reports":
            Source("VidoreSyntheticDocQAGovernmentReportsRetrieval"),
        "ViDoRe_syntheticDocQA_healthcare_industry":
            Source("VidoreSyntheticDocQAHealthcareIndustryRetrieval"),
        "ViDoRe_esg_reports_human_labeled_v2": Source("Vidore2ESGReportsHLRetrieval"),
        "ViDoRe_biomedical_lectures_v2_multilingual": Source("Vidore2BioMedicalLecturesRetrieval"),
        "ViDoRe_economics_reports_v2_multilingual": Source("Vidore2EconomicsReportsRetrieval"),
        "ViDoRe_esg_reports_v2_multilingual": Source("Vidore2ESGReportsRetrieval"),
        "ESG_Human": Source("Vidore2ESGReportsHLRetrieval"),
        "Bio": Source("Vidore2BioMedicalLecturesRetrieval", language: "english"),
        "Bio_Mul": Source("Vidore2BioMedicalLecturesRetrieval"),
        "Eco": Source("Vidore2EconomicsReportsRetrieval", language: "english"),
        "Eco_Mul": Source("Vidore2EconomicsReportsRetrieval"),
        "ESG_Syn": Source("Vidore2ESGReportsRetrieval", language: "english"),
        "ESG_Syn_Mul": Source("Vidore2ESGReportsRetrieval"),
    ]

    // MARK: The MoCa paper

    private static let mocaV2 = [
        "ESG_Human", "Eco_Mul", "Bio", "ESG_Syn", "ESG_Syn_Mul", "Bio_Mul", "Eco",
    ]

    // MARK: MMEB-V2

    private static let documentsV1 = [
        "ViDoRe_arxivqa", "ViDoRe_docvqa", "ViDoRe_infovqa", "ViDoRe_tabfquad", "ViDoRe_tatdqa",
        "ViDoRe_shiftproject", "ViDoRe_syntheticDocQA_artificial_intelligence",
        "ViDoRe_syntheticDocQA_energy", "ViDoRe_syntheticDocQA_government_reports",
        "ViDoRe_syntheticDocQA_healthcare_industry",
    ]

    private static let documentsV2 = [
        "ViDoRe_esg_reports_human_labeled_v2", "ViDoRe_biomedical_lectures_v2_multilingual",
        "ViDoRe_economics_reports_v2_multilingual", "ViDoRe_esg_reports_v2_multilingual",
    ]

    private static let visrag = [
        "VisRAG_ArxivQA", "VisRAG_ChartQA", "VisRAG_MP-DocVQA", "VisRAG_SlideVQA",
        "VisRAG_InfoVQA", "VisRAG_PlotQA",
    ]

    private static let documentsOOD = [
        "ViDoSeek-page", "ViDoSeek-doc", "MMLongBench-page", "MMLongBench-doc",
    ]
}
