using System.Text.Json;
using NnCluster.BitProbe;

Console.WriteLine(JsonSerializer.Serialize(Bits.Compute()));
