using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Tasks;
using WireTypes = Sleigh.Containerd.Protos.Types;

namespace Sleigh.Containerd;

/// <summary>Running containers. An exec is a further process in one; "" stands for the container's own.</summary>
public sealed class TasksService
{
    private const string Service = "containerd.services.tasks.v1.Tasks";
    private const string OciTypes = "types.containerd.io/opencontainers/runtime-spec/1/";

    private static readonly GrpcMethod<Wire.CreateTaskRequest, Wire.CreateTaskResponse> Create =
        new(Service, "Create", Wire.CreateTaskResponse.Parser);

    private static readonly GrpcMethod<Wire.StartRequest, Wire.StartResponse> Start = new(Service, "Start", Wire.StartResponse.Parser);
    private static readonly GrpcMethod<Wire.KillRequest, Empty> Kill = new(Service, "Kill", Empty.Parser);
    private static readonly GrpcMethod<Wire.DeleteTaskRequest, Wire.DeleteResponse> Delete = new(Service, "Delete", Wire.DeleteResponse.Parser);

    private static readonly GrpcMethod<Wire.DeleteProcessRequest, Wire.DeleteResponse> DeleteProcess =
        new(Service, "DeleteProcess", Wire.DeleteResponse.Parser);

    private static readonly GrpcMethod<Wire.GetRequest, Wire.GetResponse> Get = new(Service, "Get", Wire.GetResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.ListTasksRequest, Wire.ListTasksResponse> List =
        new(Service, "List", Wire.ListTasksResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.ExecProcessRequest, Empty> Exec = new(Service, "Exec", Empty.Parser);

    private static readonly GrpcMethod<Wire.ListPidsRequest, Wire.ListPidsResponse> Pids =
        new(Service, "ListPids", Wire.ListPidsResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.UpdateTaskRequest, Empty> Update = new(Service, "Update", Empty.Parser, Safe: true);
    private static readonly GrpcMethod<Wire.WaitRequest, Wire.WaitResponse> Wait = new(Service, "Wait", Wire.WaitResponse.Parser, Safe: true);

    private readonly GrpcCaller _caller;

    internal TasksService(GrpcCaller caller)
    {
        _caller = caller;
    }

    /// <summary>Makes the namespaces and cgroups of a container and its first process, which waits to be started.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="io">Where standard input and output go; null for nowhere.</param>
    /// <param name="rootfs">Mounts that make the root; none where the specification names a ready directory.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The host's pid of the first process.</returns>
    public async Task<int> CreateAsync(
        string containerId, TaskIo? io = null, IReadOnlyList<ContainerdMount>? rootfs = null, CancellationToken cancellationToken = default)
    {
        var request = new Wire.CreateTaskRequest
        {
            ContainerId = containerId,
            Stdin = io?.Stdin ?? "",
            Stdout = io?.Stdout ?? "",
            Stderr = io?.Stderr ?? "",
            Terminal = io?.Terminal ?? false,
            Rootfs = { (rootfs ?? []).Select(m => m.ToWire()) },
        };
        return (int)(await _caller.CallAsync(Create, request, $"make the task '{containerId}'", cancellationToken)).Pid;
    }

    /// <summary>Starts the container's process, or an exec that was made by <see cref="ExecAsync"/>.</summary>
    /// <returns>The host's pid.</returns>
    public async Task<int> StartAsync(string containerId, string execId = "", CancellationToken cancellationToken = default)
    {
        var request = new Wire.StartRequest { ContainerId = containerId, ExecId = execId };
        return (int)(await _caller.CallAsync(Start, request, $"start {Words(containerId, execId)}", cancellationToken)).Pid;
    }

    /// <summary>Sends a signal.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="signal">The signal's number.</param>
    /// <param name="execId">The exec, or "" for the container's own process.</param>
    /// <param name="all">Whether every process of the container gets it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task KillAsync(
        string containerId, int signal, string execId = "", bool all = false, CancellationToken cancellationToken = default)
    {
        var request = new Wire.KillRequest { ContainerId = containerId, ExecId = execId, Signal = (uint)signal, All = all };
        return _caller.CallAsync(Kill, request, $"send signal {signal} to {Words(containerId, execId)}", cancellationToken);
    }

    /// <summary>Removes a stopped task, its cgroups and its shim.</summary>
    public async Task<TaskExit> DeleteAsync(string containerId, CancellationToken cancellationToken = default)
    {
        var request = new Wire.DeleteTaskRequest { ContainerId = containerId };
        Wire.DeleteResponse answer = await _caller.CallAsync(Delete, request, $"remove the task '{containerId}'", cancellationToken);
        return new TaskExit((int)answer.ExitStatus, answer.ExitedAt.ToTime());
    }

    /// <summary>Removes a stopped exec.</summary>
    public async Task<TaskExit> DeleteExecAsync(string containerId, string execId, CancellationToken cancellationToken = default)
    {
        var request = new Wire.DeleteProcessRequest { ContainerId = containerId, ExecId = execId };
        Wire.DeleteResponse answer = await _caller.CallAsync(DeleteProcess, request, $"remove {Words(containerId, execId)}", cancellationToken);
        return new TaskExit((int)answer.ExitStatus, answer.ExitedAt.ToTime());
    }

    /// <summary>The state of a task or exec, or null where there is none.</summary>
    public async Task<TaskState?> FindAsync(string containerId, string execId = "", CancellationToken cancellationToken = default)
    {
        var request = new Wire.GetRequest { ContainerId = containerId, ExecId = execId };
        try
        {
            return From((await _caller.CallAsync(Get, request, $"look up {Words(containerId, execId)}", cancellationToken)).Process);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>All tasks (no execs).</summary>
    public async Task<IReadOnlyList<TaskState>> ListAsync(CancellationToken cancellationToken = default) =>
        [.. (await _caller.CallAsync(List, new Wire.ListTasksRequest(), "list the tasks", cancellationToken)).Tasks.Select(From)];

    /// <summary>Waits until the process has ended; no time limit but the token.</summary>
    public async Task<TaskExit> WaitAsync(string containerId, string execId = "", CancellationToken cancellationToken = default)
    {
        var request = new Wire.WaitRequest { ContainerId = containerId, ExecId = execId };
        Wire.WaitResponse answer = await _caller.CallAsync(
            Wait, request, $"wait for {Words(containerId, execId)}", cancellationToken, Timeout.InfiniteTimeSpan);
        return new TaskExit((int)answer.ExitStatus, answer.ExitedAt.ToTime());
    }

    /// <summary>Makes a further process in a running container; <see cref="StartAsync"/> starts it.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="execId">A name that is free in this container.</param>
    /// <param name="process">The OCI process as UTF-8 JSON.</param>
    /// <param name="io">Where standard input and output go; null for nowhere.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task ExecAsync(
        string containerId, string execId, ReadOnlyMemory<byte> process, TaskIo? io = null, CancellationToken cancellationToken = default)
    {
        var request = new Wire.ExecProcessRequest
        {
            ContainerId = containerId,
            ExecId = execId,
            Stdin = io?.Stdin ?? "",
            Stdout = io?.Stdout ?? "",
            Stderr = io?.Stderr ?? "",
            Terminal = io?.Terminal ?? false,
            Spec = new Any { TypeUrl = OciTypes + "Process", Value = ByteString.CopyFrom(process.Span) },
        };
        return _caller.CallAsync(Exec, request, $"make {Words(containerId, execId)}", cancellationToken);
    }

    /// <summary>The host's pids of all processes in a container's cgroup.</summary>
    public async Task<IReadOnlyList<int>> ListPidsAsync(string containerId, CancellationToken cancellationToken = default)
    {
        var request = new Wire.ListPidsRequest { ContainerId = containerId };
        Wire.ListPidsResponse answer = await _caller.CallAsync(Pids, request, $"list the processes of '{containerId}'", cancellationToken);
        return [.. answer.Processes.Select(p => (int)p.Pid)];
    }

    /// <summary>Changes limits of a running container.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="resources">OCI <c>linux.resources</c> as UTF-8 JSON; what it leaves out stays.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task UpdateAsync(string containerId, ReadOnlyMemory<byte> resources, CancellationToken cancellationToken = default)
    {
        var request = new Wire.UpdateTaskRequest
        {
            ContainerId = containerId,
            Resources = new Any { TypeUrl = OciTypes + "LinuxResources", Value = ByteString.CopyFrom(resources.Span) },
        };
        return _caller.CallAsync(Update, request, $"change the limits of '{containerId}'", cancellationToken);
    }

    private static string Words(string containerId, string execId) =>
        execId.Length == 0 ? $"the task '{containerId}'" : $"the exec '{execId}' of '{containerId}'";

    // A task's own process carries the container's id as its id, too.
    private static TaskState From(WireTypes.Process process) => new(
        process.ContainerId.Length > 0 ? process.ContainerId : process.Id,
        (ContainerTaskStatus)(int)process.Status,
        (int)process.Pid,
        (int)process.ExitStatus,
        process.ExitedAt.ToTime());
}
