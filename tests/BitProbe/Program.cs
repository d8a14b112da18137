using System.Text.Json;
using NnCluster.BitProbe;
using NnCluster.Memory;
using NnCluster.Training;

Console.WriteLine(JsonSerializer.Serialize(Bits.Compute()));
