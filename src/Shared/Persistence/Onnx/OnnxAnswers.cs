using NnCluster.Data;
using DataType = NnCluster.Persistence.Onnx.TensorProto.Types.DataType;

namespace NnCluster.Persistence;

/// <summary>The outputs of a graph: class names with probabilities, or values in the target's unit.</summary>
internal static class OnnxAnswers
{
    /// <summary>Output with the names of the predicted classes, [N].</summary>
    public const string Label = "label";

    /// <summary>Output with the probabilities of the classes, [N, classes].</summary>
    public const string Probabilities = "probabilities";

    /// <summary>Output of a classification by squared error, [N, classes]: no probabilities.</summary>
    public const string Outputs = "outputs";

    /// <summary>Output of a regression, [N, targets].</summary>
    public const string Prediction = "prediction";

    /// <summary>Adds the outputs.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="source">The model.</param>
    /// <param name="values">Name of the last dense layer's outputs, (rows, outputs).</param>
    /// <param name="refusable">Name of features that are NaN in rows that get no answer; null: every row gets one.</param>
    public static void Add(OnnxGraph graph, OnnxSource source, string values, string? refusable)
    {
        string? isRefused = null;
        if (refusable is not null)
        {
            string sum = graph.Node("ReduceSum", "sum of features", [refusable, graph.Constant("columns", [1L], 1)]);
            isRefused = graph.Node("IsNaN", "is refused", [sum]);
        }

        if (source.ClassNames.IsEmpty)
        {
            AddPrediction(graph, source, values, isRefused);
        }
        else
        {
            AddClasses(graph, source, values, isRefused);
        }
    }

    private static void AddClasses(OnnxGraph graph, OnnxSource source, string values, string? isRefused)
    {
        int classes = source.ClassNames.Length;
        string label = graph.Reserve(Label);
        string outputs = graph.Reserve(source.GivesProbabilities ? Probabilities : Outputs);
        string answer = source.GivesProbabilities
            ? graph.Node("Softmax", "soft-max", [values], [OnnxGraph.Attribute("axis", 1)], isRefused is null ? outputs : null)
            : values;
        // Of several equal outputs, the first counts.
        string index = graph.Node("ArgMax", "class", [answer], [OnnxGraph.Attribute("axis", 1), OnnxGraph.Attribute("keepdims", 0)]);
        string names = graph.Constant("class names", source.ClassNames, classes);
        string name = graph.Node("Gather", "class name", [names, index], output: isRefused is null ? label : null);
        if (isRefused is not null)
        {
            graph.Node("Where", Outputs, [isRefused, graph.Constant("no number", [float.NaN]), answer], output: outputs);
            string rows = graph.Node("Squeeze", "refused rows", [isRefused, graph.Constant("last axis", [1L], 1)]);
            graph.Node("Where", Label, [rows, graph.Constant("no name", [""], 1), name], output: label);
        }
        else if (answer != outputs)
        {
            graph.Node("Identity", Outputs, [answer], output: outputs);
        }

        graph.Output(label, DataType.String, null, "name of the predicted class");
        graph.Output(outputs, DataType.Float, classes, source.GivesProbabilities
            ? "probability of each class, in the order of classNames"
            : "output for each class, in the order of classNames; no probabilities");
    }

    private static void AddPrediction(OnnxGraph graph, OnnxSource source, string values, string? isRefused)
    {
        string prediction = graph.Reserve(Prediction);
        if (source.Preparation is not { } preparation)
        {
            graph.Node("Identity", Prediction, [values], output: prediction);
            graph.Output(prediction, DataType.Float, source.Spec.Outputs, "predicted targets");
            return;
        }

        // output · scale + mean in double precision, as Preparation.ToTarget.
        string outputs = graph.Node("Cast", "outputs as float64", [values], OnnxGraph.To(DataType.Double));
        string scaled = graph.Node("Mul", "scaled outputs", [outputs, graph.Constant("target scale", [preparation.TargetScale])]);
        string mean = graph.Constant("target mean", [preparation.TargetMean]);
        string target = graph.Node("Add", "targets", [scaled, mean], output: isRefused is null ? prediction : null);
        if (isRefused is not null)
        {
            graph.Node("Where", Prediction, [isRefused, graph.Constant("no number", [double.NaN]), target], output: prediction);
        }

        graph.Output(prediction, DataType.Double, 1, $"predicted {preparation.Target}, in its unit");
    }
}
