using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>Is told what happens in a run, on the coordinator's thread: it must return at once and must not throw.</summary>
public interface IRunObserver
{
    /// <summary>Takes note of an event.</summary>
    void Observe(RunEvent runEvent);
}
