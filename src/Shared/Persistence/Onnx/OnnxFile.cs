using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Google.Protobuf;
using NnCluster.Model;
using NnCluster.Persistence.Onnx;

namespace NnCluster.Persistence;

/// <summary>
/// Writes a model as ONNX (https://onnx.ai): opset 17, ai.onnx.ml 3, IR version 8.
/// The same model gives the same bytes. docs/export.md describes inputs, outputs and metadata.
/// </summary>
internal static class OnnxFile
{
    private const int IrVersion = 8;
    private const int Opset = 17;
    private const int MachineLearningOpset = 3;
    private const int Version = 1;

    /// <summary>Writes the file, atomically.</summary>
    /// <exception cref="BadInputException">A layer or the architecture has no form in ONNX, or the model is too large for it.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, OnnxSource source)
    {
        ModelProto model = Build(source, path);
        AtomicFile.Write(path, stream => model.WriteTo(stream));
    }

    /// <summary>The model as a message.</summary>
    /// <param name="source">The model.</param>
    /// <param name="path">The file that it is for, for messages.</param>
    internal static ModelProto Build(OnnxSource source, string path)
    {
        // Protocol Buffers hold at most 2 GiB. The rest of the message is small beside the state.
        long most = int.MaxValue - (1 << 26);
        long bytes = (long)source.State.Length * sizeof(float);
        if (bytes > most)
        {
            throw new BadInputException($"{path}: the model takes {bytes} bytes, and a file of ONNX holds at most {most}");
        }

        var graph = new OnnxGraph();
        (string features, bool canBeRefused) = OnnxInputs.Add(graph, source);
        string outputs;
        try
        {
            outputs = OnnxNetwork.Add(graph, source.Spec, source.State, features);
        }
        catch (BadInputException wrong)
        {
            throw new BadInputException($"{path}: {wrong.Message}", wrong);
        }

        OnnxAnswers.Add(graph, source, outputs, canBeRefused ? features : null);
        graph.Proto.Name = "nncluster";
        return new()
        {
            IrVersion = IrVersion,
            ProducerName = "NnCluster",
            ProducerVersion = ProducerVersion,
            DocString = Description(source),
            Graph = graph.Proto,
            OpsetImport =
            {
                new OperatorSetIdProto { Version = Opset },
                new OperatorSetIdProto { Domain = OnnxGraph.MachineLearning, Version = MachineLearningOpset },
            },
            MetadataProps = { Metadata(source).Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value }) },
        };
    }

    private static string ProducerVersion => typeof(OnnxFile).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    private static string Description(OnnxSource source) =>
        (source.ClassNames.IsEmpty ? "Regression" : $"Classification, {source.ClassNames.Length} classes")
        + (source.Preparation is { } table ? $", of {table.Target} from {table.Columns.Length} columns of a table." : ".");

    private static List<KeyValuePair<string, string>> Metadata(OnnxSource source)
    {
        List<KeyValuePair<string, string>> entries =
        [
            new("formatVersion", Version.ToString(CultureInfo.InvariantCulture)),
            new("task", source.ClassNames.IsEmpty ? "regression" : "classification"),
        ];
        if (source.Preparation is { } preparation)
        {
            entries.Add(new("target", preparation.Target));
        }

        if (!source.ClassNames.IsEmpty)
        {
            string names = JsonSerializer.Serialize([.. source.ClassNames], ModelOriginJson.Default.StringArray);
            entries.Add(new(ModelOrigin.ClassNamesKey, names));
        }

        if (source.Origin.Dataset is { } dataset)
        {
            entries.Add(new(ModelOrigin.DatasetKey, dataset));
        }

        entries.Add(new("weightsSha256", ParameterLayout.For(source.Spec).Sha256(source.State)));
        return entries;
    }
}
