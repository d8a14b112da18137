namespace NnCluster.Training;

/// <summary>
/// Receives the events of a run, one at a time: <see cref="RunStarted"/> and <see cref="RunEnded"/> from the session, all
/// others from the coordinator's thread.
/// </summary>
internal interface IRunObserver
{
    /// <summary>Receives an event. Must return within microseconds: the training loop waits for it.</summary>
    void Observe(RunEvent runEvent);
}
