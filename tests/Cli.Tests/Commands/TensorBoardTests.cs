using NnCluster.Persistence;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Commands;

/// <summary><c>train --tensorboard</c>, read back by a reader that shares no code with the writer.</summary>
public sealed class TensorBoardTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_run_with_event_files_has_the_weights_of_one_without_also_after_a_resume()
    {
        string weights = Expect(0, Train("without")).Field("weightsSha256");
        Assert.False(Directory.Exists(new RunPaths(_directory["without"]).TensorBoard));
        Assert.Equal(weights, Expect(0, Train("whole", "--tensorboard")).Field("weightsSha256"));
        List<TensorBoardEvent> whole = EventFileReader.Read(Assert.Single(Files("whole")));

        // The second term is interrupted after step 15 and the third resumes from the checkpoint of step 12, as after a kill.
        Expect(130, Train("run", "--tensorboard", "--stop-after", "12"));
        Expect(130, Resume("--stop-after", "15"));
        File.Delete(new RunPaths(_directory["run"]).Checkpoint(15));
        Assert.Equal(weights, Expect(0, Resume()).Field("weightsSha256"));

        List<TensorBoardEvent>[] parts = [.. Files("run").Select(EventFileReader.Read)];
        Assert.Equal([1L, 13L, 13L], parts.Select(part => part[1].Step));
        Assert.All(parts, part => Assert.Equal(("brain.Event:2", 1), (part[0].FileVersion, part[1].SessionStatus)));
        // TensorBoard removes the steps of earlier files from that of the later session's start on. What is left is the whole run.
        List<TensorBoardEvent> joined = [];
        foreach (List<TensorBoardEvent> part in parts)
        {
            joined = [.. joined.Where(e => e.Step < part[1].Step), .. part];
        }

        Assert.Equal(Points(whole), Points(joined));
        Assert.Equal(Enumerable.Range(1, 27).Select(step => (long)step), StepsOf(whole, "loss/train"));
        Assert.Equal([9L, 18L, 27L], StepsOf(whole, "accuracy/validation"));
        Assert.Equal([9L, 18L, 27L], StepsOf(whole, "dense0.weight"));
        Assert.Equal(
            [
                "accuracy/test", "accuracy/train", "accuracy/validation", "dense0.bias", "dense0.weight", "dense1.bias", "dense1.weight", "gradient_norm",
                "images/dense0.weight", "learning_rate", "loss/test", "loss/train", "loss/validation",
            ],
            whole.SelectMany(e => e.Values.Select(value => value.Tag)).Distinct().Order(StringComparer.Ordinal));
    }

    // The value of an image is that of its bytes; that of a histogram its sum.
    private static (string Tag, long Step, string Value)[] Points(IEnumerable<TensorBoardEvent> events) =>
    [
        .. from read in events
           from value in read.Values
           select (value.Tag, read.Step,
               value.Image is { } image ? Convert.ToHexString(image.Encoded) : $"{value.Scalar ?? value.Histogram!.Sum:R}"),
    ];

    private static IEnumerable<long> StepsOf(IEnumerable<TensorBoardEvent> events, string tag) =>
        events.Where(read => read.Values.Any(value => value.Tag == tag)).Select(read => read.Step);

    private static ProcessResult Expect(int exitCode, ProcessResult result) => InterruptedRun.Expect(exitCode, result);

    private string[] Files(string run) => [.. Directory.GetFiles(new RunPaths(_directory[run]).TensorBoard).Order(StringComparer.Ordinal)];

    private ProcessResult Resume(params string[] arguments) =>
        NnClusterProcess.Run(["train", "--json", "--resume", _directory["run"], .. arguments]);

    private ProcessResult Train(string name, params string[] arguments) => NnClusterProcess.Run([
        "train", "--json", "--dataset", NnClusterProcess.MnistRows, "--batch-size", "100", "--epochs", "3", "--hidden", "24", "--validation", "100",
        "--checkpoint-every", "1000",
        .. arguments, "--out", _directory[name]]);
}
