// The progress of a long task, as one value for every stage.

/// How far a task has come.
package struct WorkProgress: Sendable, Hashable {
    /// What `completed` and `total` count.
    package enum Unit: Sendable, Hashable {
        case items
        case bytes
    }

    /// What is being done, such as `records of pairs`; another task begins a new count.
    package var task: String
    package var completed: Int
    /// The count at the end of the task; nil if it is unknown.
    package var total: Int?
    package var unit: Unit
    /// A message to the user, such as a request that will be repeated.
    package var note: String?

    package init(
        _ task: String, completed: Int = 0, total: Int?, unit: Unit = .items, note: String? = nil
    ) {
        self.task = task
        self.completed = completed
        self.total = total
        self.unit = unit
        self.note = note
    }
}
