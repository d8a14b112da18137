using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

public sealed class VectorMathTests
{
    private delegate void Function(ReadOnlySpan<float> source, Span<float> destination);

    public static TheoryData<string> Functions => ["Exp", "Log", "Tanh", "Sigmoid"];

    [Theory]
    [MemberData(nameof(Functions))]
    public void A_value_has_the_same_bits_at_any_place_in_any_length_in_place_or_not(string name)
    {
        (Function function, _, float[] values) = Case(name);
        foreach (float value in values)
        {
            float[] one = new float[1];
            function([value], one);
            for (int length = 1; length <= 70; length++)
            {
                // Odd offset: no vector is aligned.
                float[] source = new float[length + 3], destination = new float[length + 3];
                Array.Fill(source, value);
                function(source.AsSpan(3), destination.AsSpan(3));
                function(source.AsSpan(3), source.AsSpan(3));
                for (int i = 3; i < source.Length; i++)
                {
                    Assert.Equal(BitConverter.SingleToInt32Bits(one[0]), BitConverter.SingleToInt32Bits(destination[i]));
                    Assert.Equal(BitConverter.SingleToInt32Bits(one[0]), BitConverter.SingleToInt32Bits(source[i]));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Results_are_close_to_double_precision(string name)
    {
        (Function function, Func<double, double> exact, float[] values) = Case(name);
        float[] actual = new float[values.Length];
        function(values, actual);
        for (int i = 0; i < values.Length; i++)
        {
            double expected = exact(values[i]);
            Assert.True(Math.Abs(actual[i] - expected) <= (4e-7 * Math.Abs(expected)) + 1e-38, $"{name}({values[i]}) = {actual[i]}");
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void A_short_destination_is_refused_and_a_long_one_keeps_its_end(string name)
    {
        Function function = Case(name).Function;
        Assert.Throws<ArgumentException>(() => function(new float[3], new float[2]));
        foreach (int length in (int[])[0, 2, 3, 9])
        {
            float[] destination = new float[length + 1];
            destination[length] = 17;
            function(new float[length], destination);
            Assert.Equal(17, destination[length]);
        }
    }

    private static (Function Function, Func<double, double> Exact, float[] Values) Case(string name)
    {
        float[] uniform = new float[40];
        new CounterRandom(9, RandomStream.SyntheticData).FillUniform(uniform);
        float[] signed = [.. uniform.Select(u => (20 * u) - 10), .. uniform.Select(u => u - 0.5f), 0, 1e-6f, 30, -30, 80, -80];
        return name switch
        {
            "Exp" => (VectorMath.Exp, Math.Exp, signed),
            "Log" => (VectorMath.Log, Math.Log, [.. uniform.Select(u => u * 3), 1e-20f, 1e20f]),
            "Tanh" => (VectorMath.Tanh, Math.Tanh, signed),
            _ => (VectorMath.Sigmoid, x => 1 / (1 + Math.Exp(-x)), signed),
        };
    }
}
