// The chat prompt of Qwen: an instruction as the system turn, the content as the user's.

extension PromptRule {
    /// A chat whose assistant's turn has begun, followed by `ending`.
    static func chat(ending: String, _ instruction: InstructionRule) -> PromptRule {
        let template = PromptTemplate([
            .literal("<|im_start|>system\n"), .instruction,
            .literal("<|im_end|>\n<|im_start|>user\n"), .everything,
            .literal("<|im_end|>\n<|im_start|>assistant\n" + ending),
        ])
        return PromptRule(text: template, image: template, instruction: instruction)
    }
}
