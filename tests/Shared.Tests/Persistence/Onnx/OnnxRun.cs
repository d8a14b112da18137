using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace NnCluster.Testing;

/// <summary>A model in ONNX Runtime: an implementation that shares no code with the export.</summary>
internal sealed class OnnxRun : IDisposable
{
    private readonly InferenceSession _session;

    public OnnxRun(string path) => _session = new(path);

    /// <summary>Names of the inputs with their element types and dimensions; -1: any number of rows.</summary>
    public IReadOnlyDictionary<string, (Type Type, int[] Shape)> Inputs =>
        _session.InputMetadata.ToDictionary(input => input.Key, input => (input.Value.ElementType, input.Value.Dimensions));

    /// <summary>Names of the outputs with their element types and dimensions.</summary>
    public IReadOnlyDictionary<string, (Type Type, int[] Shape)> Outputs =>
        _session.OutputMetadata.ToDictionary(output => output.Key, output => (output.Value.ElementType, output.Value.Dimensions));

    public IReadOnlyDictionary<string, string> Metadata => _session.ModelMetadata.CustomMetadataMap;

    public ModelMetadata Model => _session.ModelMetadata;

    public void Dispose() => _session.Dispose();

    /// <summary>Answers of rows of the only input, (rows, columns).</summary>
    public OnnxAnswer Run<T>(T[] values, int rows) =>
        Run([NamedOnnxValue.CreateFromTensor(Inputs.Keys.Single(), new DenseTensor<T>(values, [rows, values.Length / rows]))]);

    /// <summary>Answers of the rows of a table, (rows, columns): texts as they are in a file; an empty one is missing.</summary>
    public OnnxAnswer Run(string[] columns, string[][] table) => Run([.. Inputs.Select(input =>
    {
        int column = Array.IndexOf(columns, input.Key);
        string[] texts = [.. table.Select(row => row[column])];
        int[] shape = [texts.Length, 1];
        return input.Value.Type == typeof(string) ? NamedOnnxValue.CreateFromTensor(input.Key, new DenseTensor<string>(texts, shape))
            : input.Value.Type == typeof(double)
                ? NamedOnnxValue.CreateFromTensor(input.Key, new DenseTensor<double>(Array.ConvertAll(texts, Number), shape))
                : NamedOnnxValue.CreateFromTensor(
                    input.Key, new DenseTensor<float>(Array.ConvertAll(texts, text => (float)Number(text)), shape));
    })]);

    private OnnxAnswer Run(IReadOnlyCollection<NamedOnnxValue> inputs)
    {
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = _session.Run(inputs);
        string[]? labels = null;
        double[] values = [];
        foreach (DisposableNamedOnnxValue output in outputs)
        {
            switch (output.Value)
            {
                case Tensor<string> names:
                    labels = [.. names];
                    break;
                case Tensor<float> floats:
                    values = [.. floats.Select(value => (double)value)];
                    break;
                case Tensor<double> doubles:
                    values = [.. doubles];
                    break;
                default:
                    throw new InvalidOperationException($"{output.Name} is a {output.Value.GetType()}");
            }
        }

        return new(labels, values);
    }

    private static double Number(string text) => text.Length == 0 ? double.NaN : double.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>Outputs of a model.</summary>
/// <param name="Labels">Class names, (rows); null for a regression.</param>
/// <param name="Values">The other output, row-major.</param>
internal sealed record OnnxAnswer(string[]? Labels, double[] Values);
