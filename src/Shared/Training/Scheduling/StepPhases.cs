namespace NnCluster.Training;

/// <summary>
/// Time of a step by phase, in seconds, on the coordinator's clock; the phases add up to the time of the step. Broadcast, compute and
/// receive are those of the participant whose sum came last: it decided how long the step took.
/// </summary>
/// <param name="Assign">The coordinator assigned shards.</param>
/// <param name="Broadcast">The model state was handed to the network; 0 for a worker of the coordinator's process.</param>
/// <param name="Compute">The participant computed.</param>
/// <param name="Receive">The participant's sums were read from the network; 0 for a worker of the coordinator's process.</param>
/// <param name="Wait">Nothing of the other phases: messages on their way, threads that were not scheduled, shards computed again.</param>
/// <param name="Reduce">The partial sums were added and divided by the number of rows.</param>
/// <param name="Optimizer">Penalties, clipping, the optimizer's update and the projection of weights.</param>
public readonly record struct StepPhases(double Assign, double Broadcast, double Compute, double Receive, double Wait, double Reduce, double Optimizer)
{
    /// <summary>The phases by their names in metrics, in the order of a step.</summary>
    public IEnumerable<KeyValuePair<string, double>> ByName =>
    [
        new("assign", Assign), new("broadcast", Broadcast), new("compute", Compute), new("receive", Receive), new("wait", Wait),
        new("reduce", Reduce), new("optimizer", Optimizer),
    ];
}
