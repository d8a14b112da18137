using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;
using NnCluster.Persistence.Onnx;

namespace NnCluster.Persistence;

/// <summary>A graph under construction. Every value is known by a name; values of the graph itself get names that no other has.</summary>
internal sealed class OnnxGraph
{
    /// <summary>Domain of the operators for classical machine learning.</summary>
    public const string MachineLearning = "ai.onnx.ml";

    /// <summary>Name of the first dimension of inputs and outputs: the number of rows.</summary>
    public const string Rows = "N";

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>The graph so far.</summary>
    public GraphProto Proto { get; } = new();

    /// <summary>A name that no value has: the given one, or that with a number behind it.</summary>
    public string Reserve(string name)
    {
        string unique = name;
        for (int i = 2; !_names.Add(unique); i++)
        {
            unique = $"{name} {i}";
        }

        return unique;
    }

    /// <summary>Adds an input [N, columns] or [N] and returns its name.</summary>
    /// <param name="name">The name; a name that is taken gets a number.</param>
    /// <param name="type">Type of its elements.</param>
    /// <param name="columns">Columns; null: one dimension only.</param>
    /// <param name="description">Display text, the value's <c>doc_string</c>.</param>
    public string Input(string name, TensorProto.Types.DataType type, int? columns, string description)
    {
        ValueInfoProto value = Value(Reserve(name), type, columns, description);
        Proto.Input.Add(value);
        return value.Name;
    }

    /// <summary>Adds an output [N, columns] or [N] under a name that <see cref="Reserve"/> returned.</summary>
    /// <inheritdoc cref="Input"/>
    public void Output(string name, TensorProto.Types.DataType type, int? columns, string description) =>
        Proto.Output.Add(Value(name, type, columns, description));

    /// <summary>Adds a node with one output, whose name it returns.</summary>
    /// <param name="operation">Type of the operator.</param>
    /// <param name="name">Name of the node and, unless <paramref name="output"/> is given, of its output.</param>
    /// <param name="inputs">Names of the values that it reads.</param>
    /// <param name="attributes">Attributes of the operator.</param>
    /// <param name="output">Name of the output, from <see cref="Reserve"/>.</param>
    /// <param name="domain">Domain of the operator; empty for that of ONNX.</param>
    public string Node(
        string operation, string name, string[] inputs, AttributeProto[]? attributes = null, string? output = null, string domain = "")
    {
        output ??= Reserve(name);
        Proto.Node.Add(new NodeProto
        {
            OpType = operation,
            Name = output,
            Domain = domain,
            Input = { inputs },
            Output = { output },
            Attribute = { attributes ?? [] },
        });
        return output;
    }

    /// <summary>Adds a constant of float32 and returns its name.</summary>
    public string Constant(string name, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) =>
        Add(name, TensorProto.Types.DataType.Float, Bytes(values, BinaryPrimitives.WriteSingleLittleEndian), shape);

    /// <summary>Adds a constant of float64 and returns its name.</summary>
    public string Constant(string name, ReadOnlySpan<double> values, params ReadOnlySpan<long> shape) =>
        Add(name, TensorProto.Types.DataType.Double, Bytes(values, BinaryPrimitives.WriteDoubleLittleEndian), shape);

    /// <summary>Adds a constant of int64 and returns its name.</summary>
    public string Constant(string name, ReadOnlySpan<long> values, params ReadOnlySpan<long> shape) =>
        Add(name, TensorProto.Types.DataType.Int64, Bytes(values, BinaryPrimitives.WriteInt64LittleEndian), shape);

    /// <summary>Adds a constant of texts and returns its name.</summary>
    public string Constant(string name, IEnumerable<string> values, params ReadOnlySpan<long> shape)
    {
        TensorProto tensor = Tensor(name, TensorProto.Types.DataType.String, shape);
        tensor.StringData.AddRange(values.Select(ByteString.CopyFromUtf8));
        Proto.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>An attribute with a whole number.</summary>
    public static AttributeProto Attribute(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    /// <summary>An attribute with a number.</summary>
    public static AttributeProto Attribute(string name, float value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    /// <summary>An attribute with whole numbers.</summary>
    public static AttributeProto Attribute(string name, IEnumerable<long> values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

    /// <summary>An attribute with texts.</summary>
    public static AttributeProto Attribute(string name, IEnumerable<string> values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Strings, Strings = { values.Select(ByteString.CopyFromUtf8) } };

    /// <summary>The attribute of a Cast.</summary>
    public static AttributeProto[] To(TensorProto.Types.DataType type) => [Attribute("to", (long)type)];

    private delegate void WriteElement<T>(Span<byte> destination, T value);

    private static byte[] Bytes<T>(ReadOnlySpan<T> values, WriteElement<T> write)
        where T : unmanaged
    {
        if (BitConverter.IsLittleEndian)
        {
            return MemoryMarshal.AsBytes(values).ToArray();
        }

        int size = Marshal.SizeOf<T>();
        byte[] bytes = new byte[checked(values.Length * size)];
        for (int i = 0; i < values.Length; i++)
        {
            write(bytes.AsSpan(i * size, size), values[i]);
        }

        return bytes;
    }

    private string Add(string name, TensorProto.Types.DataType type, byte[] bytes, ReadOnlySpan<long> shape)
    {
        TensorProto tensor = Tensor(name, type, shape);
        // The array is never changed: the message may keep it.
        tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
        Proto.Initializer.Add(tensor);
        return tensor.Name;
    }

    private TensorProto Tensor(string name, TensorProto.Types.DataType type, ReadOnlySpan<long> shape) =>
        new() { Name = Reserve(name), DataType = (int)type, Dims = { shape.ToArray() } };

    private static ValueInfoProto Value(string name, TensorProto.Types.DataType type, int? columns, string description)
    {
        var shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = Rows } } };
        if (columns is { } width)
        {
            shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = width });
        }

        return new()
        {
            Name = name,
            DocString = description,
            Type = new() { TensorType = new() { ElemType = (int)type, Shape = shape } },
        };
    }
}
