import Foundation
import MoCaSettings
import MoCaTestSupport
import Testing

/// The job files of `examples/cluster`.
@Suite struct ClusterExampleTests {
    private static let folder = Repository.root.appending(path: "examples/cluster")

    /// The fields of Kubeflow's PyTorchJob v1 that decide whether the processes find each other.
    @Test func theManifestIsAPyTorchJob() throws {
        let file = Self.folder.appending(path: "pytorchjob.yaml")
        let job = try JSON(yaml: String(contentsOf: file, encoding: .utf8))
        #expect(job["apiVersion"]?.string == "kubeflow.org/v1")
        #expect(job["kind"]?.string == "PyTorchJob")
        let replicas = try #require(job["spec"]?["pytorchReplicaSpecs"])
        var containers: [JSON] = []
        for (name, count) in [("Master", "1"), ("Worker", "7")] {
            let replica = try #require(replicas[name])
            #expect(replica["replicas"]?.string == count)
            #expect(replica["restartPolicy"]?.string == "OnFailure")
            let pod = try #require(replica["template"]?["spec"])
            let container = try #require(pod["containers"]?.array?.first)
            #expect(container["name"]?.string == "pytorch")
            let mounts = (container["volumeMounts"]?.array ?? []).map { $0["name"]?.string }
            #expect(mounts == (pod["volumes"]?.array ?? []).map { $0["name"]?.string })
            containers.append(container)
        }
        // Processes of different programs or settings refuse each other.
        #expect(containers[0] == containers[1])
    }

    /// The batch script with programs that stand for Slurm's; `srun` behaves like a training.
    private func runScript(
        _ arguments: [String], status: Int = 0, hasTimeLimit: Bool = false
    ) throws -> (status: Int32, log: [String]) {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let programs = [
            "scontrol": """
            case $1 in show) printf 'node1\\nnode2\\n' ;; *) echo "scontrol $*" >> log ;; esac
            """,
            "scancel": "echo \"scancel $*\" >> log; kill -TERM $(cat srun.pid); sleep 0.5",
            "srun": """
            echo "srun $* $MASTER_ADDR $MASTER_PORT $OMP_NUM_THREADS" >> log
            trap 'exit 75' TERM
            echo $$ > srun.pid
            [ $LIMIT = false ] && exit \(status)
            while :; do sleep 0.05; done
            """,
        ]
        for (name, text) in programs {
            try folder.write("#!/bin/sh\n\(text)\n", to: "bin/\(name)")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755],
                ofItemAtPath: folder.url.appending(path: "bin/\(name)").path)
        }
        let script = Process()
        script.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // The thread of a test may block signals, and a child inherits that.
        let unblock =
            "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); "
            + "os.execvp(sys.argv[1], sys.argv[1:])"
        script.arguments =
            ["python3", "-c", unblock, "bash", Self.folder.appending(path: "moca.sbatch").path]
            + arguments
        script.currentDirectoryURL = folder.url
        script.environment = [
            "PATH": folder.url.path + "/bin:/usr/bin:/bin", "SLURM_JOB_ID": "70007",
            "SLURM_JOB_NODELIST": "node[1-2]", "SLURM_CPUS_PER_TASK": "12",
            "LIMIT": "\(hasTimeLimit)",
        ]
        script.standardOutput = FileHandle.nullDevice
        script.standardError = FileHandle.nullDevice
        try script.run()
        if hasTimeLimit {
            while try script.isRunning && !folder.names().contains("srun.pid") { usleep(10_000) }
            usleep(200_000)
            kill(script.processIdentifier, SIGUSR1)
        }
        script.waitUntilExit()
        let log = folder.url.appending(path: "log")
        let isStarted = try folder.names().contains("log")
        let text = isStarted ? try String(contentsOf: log, encoding: .utf8) : ""
        return (script.terminationStatus, text.split(separator: "\n").map(String.init))
    }

    private static let step = "srun --cpus-per-task=12 moca finetune --config r node1 30007 12"

    @Test func theScriptStartsAStep() throws {
        for status in [0, 69, 75] {
            let result = try runScript(["finetune", "--config", "r"], status: status)
            #expect(result.status == Int32(status) && result.log == [Self.step])
        }
        #expect(try runScript([]).status == 64)
    }

    @Test func atTheTimeLimitTheJobIsQueuedAgain() throws {
        let result = try runScript(["finetune", "--config", "r"], hasTimeLimit: true)
        #expect(result.status == 75)
        #expect(
            result.log == [Self.step, "scancel --signal=TERM 70007", "scontrol requeue 70007"])
    }

    @Test func theScriptParses() throws {
        let bash = Process()
        bash.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        bash.arguments = ["bash", "-n", Self.folder.appending(path: "moca.sbatch").path]
        try bash.run()
        bash.waitUntilExit()
        #expect(bash.terminationStatus == 0)
    }
}
