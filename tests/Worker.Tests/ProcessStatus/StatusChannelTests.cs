using System.IO.Pipes;
using NnCluster.Control;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Worker.Tests.ProcessStatus;

public sealed class StatusChannelTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public static TheoryData<string, string> Records => new()
    {
        { nameof(Starting), """{"status":"starting","processId":7}""" },
        { nameof(RunPrepared), """{"status":"prepared","runDirectory":"/runs/a","runId":"r","term":2,"resumedFromStep":40}""" },
        { nameof(Listening), """{"status":"listening","address":"[::1]:7000","term":2}""" },
        { nameof(ServerReady), """{"status":"serverReady","address":"127.0.0.1:8080","model":"/runs/a/model.safetensors"}""" },
        { nameof(Waiting), """{"status":"waiting","coordinators":["a:1","b:2"],"reason":"refused"}""" },
        { nameof(DatasetReady), """{"status":"datasetReady","source":"coordinator"}""" },
        { nameof(Joined), """{"status":"joined","coordinator":"a:1","workers":2,"term":3}""" },
        { nameof(CoordinatorGone), """{"status":"coordinatorGone","coordinator":"a:1","reason":"reset"}""" },
        { nameof(Dismissed), """{"status":"dismissed","reason":"it is complete"}""" },
        { nameof(Refused), """{"status":"refused","coordinator":"a:1","reason":"the cookies differ"}""" },
        { nameof(ChildStarted), """{"status":"childStarted","name":"worker-1","processId":8}""" },
        { nameof(ChildReported), """{"status":"childReported","name":"worker-1","record":{"status":"dismissed","reason":"it is complete"}}""" },
        { nameof(ChildEnded), """{"status":"childEnded","name":"worker-1","exitCode":137,"action":"giveUp","workersLeft":1}""" },
        { nameof(FaultOver), """{"status":"faultOver","number":3,"kind":"kill","target":"worker-2"}""" },
        { nameof(Ended), """{"status":"ended","exitCode":3,"outcome":"refused","reason":"the cookies differ"}""" },
    };

    /// <summary>The JSON is a contract with other programs.</summary>
    [Theory]
    [MemberData(nameof(Records))]
    public async Task A_record_is_one_line_of_json_and_is_read_back_as_it_was(string type, string json)
    {
        StatusRecord record = StatusReader.Parse(json)!;
        Assert.Equal(type, record.GetType().Name);
        Assert.Equal(json + "\n", await WriteAsync(record));
    }

    [Fact]
    public void Every_type_of_record_has_an_example_here() => Assert.Equal(
        typeof(StatusRecord).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(StatusRecord))).Select(type => type.Name).Order(),
        Records.Select(row => (string)row[0]).Order());

    [Theory]
    [InlineData("""{"status":"joined","coordinator":"a:1","wor""")]
    [InlineData("""{"status":"celebrating"}""")]
    [InlineData("""{"status":5}""")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("Last login: yesterday")]
    public void A_line_that_is_no_record_is_skipped(string line) => Assert.Null(StatusReader.Parse(line));

    [Fact]
    public void An_unknown_property_and_another_order_are_accepted() =>
        Assert.Equal(
            new Joined("a:1", 2, 3),
            StatusReader.Parse("""{"term":3,"mood":{"good":true},"workers":2,"coordinator":"a:1","status":"joined"}"""));

    [Fact]
    public async Task Torn_and_foreign_lines_between_records_do_not_break_the_reader()
    {
        List<StatusRecord> records = [];
        List<string> others = [];
        string text = """
            motd
            {"status":"starting","processId":7}
            {"status":"dism

            {"status":"dismissed","reason":"x"}
            {"status":
            """;
        await StatusReader.ReadAsync(new StringReader(text), records.Add, others.Add);
        Assert.Equal([new Starting(7), new Dismissed("x")], records);
        Assert.Equal(["motd", "{\"status\":\"dism", "{\"status\":"], others);
    }

    [Fact]
    public void A_reader_that_is_gone_does_not_hurt_the_writer()
    {
        var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        var reader = new AnonymousPipeClientStream(PipeDirection.In, pipe.ClientSafePipeHandle);
        using var writer = StatusWriter.To(pipe);
        reader.Dispose();
        for (int i = 0; i < 1000; i++)
        {
            writer.Write(new Starting(i));
        }
    }

    [Fact]
    public async Task A_reader_that_does_not_read_holds_up_neither_the_writer_nor_its_end()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using var reader = new AnonymousPipeClientStream(PipeDirection.In, pipe.ClientSafePipeHandle);
        await Task.Run(() =>
        {
            using var writer = StatusWriter.To(pipe);
            for (int i = 0; i < 100_000; i++)
            {
                writer.Write(new Dismissed(new string('x', 1000)));
            }
        }).WaitAsync(Timeout);
    }

    [Fact]
    public async Task A_program_begins_with_its_process_and_ends_with_its_exit_code_and_reason()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        int code = await StatusWriter.RunAsync(Descriptor(pipe), _ => Task.FromResult(new ProcessEnd(ExitCode.Refused, "no")));
        Assert.Equal(ExitCode.Refused, code);
        Assert.Equal([new Starting(Environment.ProcessId), new Ended(3, ProcessOutcome.Refused, "no")], await ReadAsync(pipe));
    }

    [Fact]
    public async Task A_program_that_throws_ends_with_the_message_as_reason()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        int descriptor = Descriptor(pipe);
        await Assert.ThrowsAsync<BadInputException>(() => StatusWriter.RunAsync(descriptor, _ => throw new BadInputException("--epochs 0")));
        Assert.Equal(new Ended(2, ProcessOutcome.BadInput, "--epochs 0"), (await ReadAsync(pipe))[^1]);
    }

    [Fact]
    public void A_descriptor_that_is_not_open_is_refused() =>
        Assert.StartsWith(
            "--status-fd 987654: is not open", Assert.Throws<BadInputException>(() => StatusWriter.Open(987654)).Message, StringComparison.Ordinal);

    [Fact]
    public void Exit_codes_are_distinct_and_clear_of_those_of_shells_and_ssh()
    {
        int[] codes =
        [
            .. typeof(ExitCode).GetFields().Where(field => field.FieldType == typeof(int)).Select(field => (int)field.GetRawConstantValue()!),
        ];
        Assert.Equal(codes.Length, codes.Distinct().Count());
        Assert.All(codes, code => Assert.True(code == ExitCode.Interrupted || code is >= 0 and < 126, $"{code}"));
        Assert.All(codes, code => Assert.NotEqual(ProcessOutcome.Crashed, ExitCode.OutcomeOf(code)));
    }

    // The program closes the descriptor.
    private static int Descriptor(AnonymousPipeServerStream pipe)
    {
        int descriptor = int.Parse(pipe.GetClientHandleAsString(), null);
        pipe.ClientSafePipeHandle.SetHandleAsInvalid();
        return descriptor;
    }

    private static async Task<string> WriteAsync(StatusRecord record)
    {
        using var stream = new MemoryStream();
        using (var writer = StatusWriter.To(stream))
        {
            writer.Write(record);
        }

        return await Task.FromResult(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static async Task<List<StatusRecord>> ReadAsync(Stream pipe)
    {
        List<StatusRecord> records = [];
        await StatusReader.ReadAsync(new StreamReader(pipe), records.Add, _ => { }).WaitAsync(Timeout);
        return records;
    }
}
