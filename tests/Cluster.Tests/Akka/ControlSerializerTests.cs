using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Util;
using CsCheck;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.AkkaSupport;

public sealed class ControlSerializerTests : IDisposable
{
    private const byte ManifestVersion = 251;
    private const byte ManifestReference = 253;
    private const byte ManifestIndex = 254;
    private const byte ManifestFull = 255;
    private static readonly Type[] FieldTypes = [typeof(string), typeof(long), typeof(byte[]), typeof(string[]), typeof(IActorRef)];

    private readonly ActorSystem _system = ActorSystem.Create(
        "serializer", ConfigurationFactory.ParseString(AkkaConfig.SerializeLocalMessages + "\n" + AkkaConfig.Serialization));
    private readonly ControlSerializer _serializer;
    private readonly IActorRef _actor;

    public ControlSerializerTests()
    {
        _serializer = (ControlSerializer)_system.Serialization.FindSerializerForType(typeof(RunDismissed));
        _actor = _system.ActorOf(Props.Create(() => new Echo()), "echo");
    }

    public static TheoryData<Type> Messages => [.. ControlTypes.Messages];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_control_message_survives_the_wire(Type type)
    {
        // Lengths around the short form of strings, and the four bytes that look like a length.
        foreach (int length in new[] { 0, 1, 3, 4, 5, 6, 32, 253, 254, 255, 256, 5000 })
        {
            object message = Create(type, length);
            object read = _serializer.FromBinary(_serializer.ToBinary(message), typeof(object));
            Assert.IsType(type, read);
            foreach (var property in type.GetProperties())
            {
                Assert.Equal(property.GetValue(message), property.GetValue(read));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Control_messages_hold_only_what_can_be_read_safely(Type type) =>
        Assert.All(type.GetProperties(), property => Assert.Contains(property.PropertyType, FieldTypes));

    [Fact]
    public async Task A_message_and_the_reference_in_it_reach_an_actor_with_serialization_on()
    {
        RegisterNode message = (RegisterNode)Create(typeof(RegisterNode), 4);
        RegisterNode answer = await _actor.Ask<RegisterNode>(message, TimeSpan.FromSeconds(20));
        Assert.NotSame(message, answer);
        Assert.Equal(_actor, answer.Node);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_cut_short_anywhere_is_refused(Type type)
    {
        byte[] whole = _serializer.ToBinary(Create(type, 5));
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.Throws<SerializationException>(() => _serializer.FromBinary(whole[..length], typeof(object)));
        }
    }

    [Fact]
    public void Random_bytes_and_random_damage_end_in_a_refusal_or_in_a_control_message()
    {
        byte[] whole = _serializer.ToBinary(Create(typeof(RegisterNode), 5));
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[0, whole.Length - 1], Gen.Byte).Sample((noise, at, with) =>
        {
            AssertFailsClosed(noise);
            byte[] damaged = [.. whole];
            damaged[at] = with;
            AssertFailsClosed(damaged);
        });
    }

    [Fact]
    public void A_type_that_is_not_listed_is_refused_and_never_instantiated()
    {
        Assert.Throws<SerializationException>(() => _serializer.ToBinary(new Landmine()));
        object[] hostiles =
        [
            new Landmine(), new[] { new Landmine() }, new List<Landmine> { new() }, new Action(Landmine.Detonate), new RunDismissed[] { new(1, "x") },
        ];
        foreach (object hostile in hostiles)
        {
            byte[] bytes = WrittenByAnyone(hostile);
            Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes, typeof(object)));
        }

        Assert.Equal(0, Landmine.Detonations);
    }

    [Fact]
    public void A_type_that_is_not_listed_is_refused_within_a_listed_message_too()
    {
        byte[] bytes = WrittenByAnyone(new Carrier(new Landmine()));
        byte[] disguised = Rename(bytes, typeof(Carrier), typeof(RunDismissed));
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(disguised, typeof(object)));
        Assert.Equal(0, Landmine.Detonations);
    }

    [Theory]
    [InlineData("System.Diagnostics.Process, System.Diagnostics.Process")]
    [InlineData("System.Diagnostics.Process, System.Diagnostics.Process, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a")]
    [InlineData("System.Action, %core%")]
    [InlineData("System.Collections.Generic.List`1[[System.Diagnostics.Process, System.Diagnostics.Process]], %core%")]
    [InlineData("{message}[], {assembly}")]
    [InlineData("{message}, NnCluster.Elsewhere")]
    [InlineData("{neighbour}, {assembly}, Version=9.9.9.9, Culture=de, PublicKeyToken=null")]
    [InlineData("{message}")]
    [InlineData("{message}, {assembly}\0")]
    [InlineData(",,,")]
    [InlineData("")]
    public void A_name_that_is_not_listed_is_refused_in_whatever_form(string name)
    {
        name = name
            .Replace("{message}", typeof(RunDismissed).FullName, StringComparison.Ordinal)
            .Replace("{neighbour}", typeof(ControlTypes).FullName, StringComparison.Ordinal)
            .Replace("{assembly}", typeof(RunDismissed).Assembly.GetName().Name, StringComparison.Ordinal);
        foreach (byte manifest in new[] { ManifestVersion, ManifestFull })
        {
            byte[] bytes = [manifest, .. LengthAndText(name), .. new byte[64]];
            Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes, typeof(object)));
        }
    }

    [Fact]
    public void A_listed_name_of_any_version_is_this_programs_own_type()
    {
        string name = $"{NameOf(typeof(RegistrationRefused))}, Version=9.9.9.9, Culture=neutral, PublicKeyToken=null";
        byte[] bytes = [ManifestFull, .. LengthAndText(name), 2, 5, 0, 0, 0, 0, 0, 0, 0, 7, 2, (byte)'x'];
        Assert.Equal(new RegistrationRefused(5, "x"), _serializer.FromBinary(bytes, typeof(object)));
    }

    [Fact]
    public void A_message_with_a_field_missing_is_refused()
    {
        byte[] name = [ManifestFull, .. LengthAndText(NameOf(typeof(RegistrationRefused)))];
        AssertRefused("without its Reason", [.. name, 2, .. new byte[8], 0]);
        var partial = (RegisterNode)Create(typeof(RegisterNode), 4) with { Arithmetics = [null!] };
        AssertRefused("without its Arithmetics", _serializer.ToBinary(partial));
    }

    [Fact]
    public void Bytes_behind_a_message_are_refused()
    {
        byte[] whole = _serializer.ToBinary(Create(typeof(RunDismissed), 5));
        AssertRefused("1 bytes follow", [.. whole, 0]);
    }

    [Fact]
    public void A_reference_to_another_object_is_refused_wherever_it_stands()
    {
        byte[] whole = _serializer.ToBinary(Create(typeof(RegisterNode), 5));
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole[..at], ManifestReference, 0, 0, 0, 0, .. whole[at..]];
            Assert.Throws<SerializationException>(() => _serializer.FromBinary(damaged, typeof(object)));
        }
    }

    [Fact]
    public void A_changed_byte_in_any_message_ends_in_a_refusal_or_in_a_control_message()
    {
        foreach (Type type in ControlTypes.Messages)
        {
            byte[] whole = _serializer.ToBinary(Create(type, 5));
            Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Sample((at, with) =>
            {
                byte[] damaged = [.. whole];
                damaged[at] = with;
                AssertFailsClosed(damaged);
            });
        }
    }

    [Fact]
    public void The_type_filter_of_the_packages_own_setup_has_no_effect()
    {
        // Why the filter goes to the package's constructor. Once this fails, a HyperionSerializerSetup would do.
        var setup = Akka.Serialization.Hyperion.HyperionSerializerSetup.Empty
            .WithTypeFilter(new ControlTypes())
            .WithDisallowUnsafeType(true);
        using var system = ActorSystem.Create("package", BootstrapSetup.Create().And(setup));
        var package = new Akka.Serialization.HyperionSerializer((ExtendedActorSystem)system);
        Assert.IsType<Carrier>(package.FromBinary(package.ToBinary(new Carrier("cargo")), typeof(object)));
    }

    [Fact]
    public void A_nesting_that_would_exhaust_the_stack_is_refused()
    {
        // A dismissal whose outcome is a dismissal whose outcome is …, three bytes a level, in each of the ways to name it.
        byte[] name = [ManifestFull, .. LengthAndText(NameOf(typeof(RunDismissed)))];
        foreach (byte[] level in new byte[][] { [ManifestIndex, 0, 0], name })
        {
            var bytes = new List<byte>(name);
            while (bytes.Count < 99_000)
            {
                bytes.AddRange(level);
            }

            AssertRefused("has manifest", [.. bytes]);
        }
    }

    [Theory]
    [InlineData("09")]
    [InlineData("07FF")]
    [InlineData("FC07")]
    [InlineData("FF")]
    [InlineData("FB")]
    public void A_length_beyond_the_message_allocates_nothing(string manifest)
    {
        byte[] bytes = [.. Convert.FromHexString(manifest), 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3];
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes, typeof(object)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes, typeof(object)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    [Fact]
    public void A_message_too_long_for_the_control_plane_is_refused_on_both_sides()
    {
        var tooLong = new RunDismissed(1, new string('x', 200_000));
        Assert.Contains("at most", Assert.Throws<SerializationException>(() => _serializer.ToBinary(tooLong)).Message, StringComparison.Ordinal);
        AssertRefused("at most", new byte[200_000]);
    }

    [Fact]
    public void What_is_not_a_control_message_has_no_serializer()
    {
        Assert.Throws<SerializationException>(() => _system.Serialization.FindSerializerForType(typeof(Landmine)).ToBinary(new Landmine()));
        Assert.Throws<SerializationException>(() => _system.Serialization.Deserialize(Encoding.UTF8.GetBytes("{}"), 1, typeof(Landmine)));
        Assert.Throws<SerializationException>(() => _system.Serialization.Deserialize([], 3, ""));
    }

    public void Dispose() => _system.Dispose();

    private static byte[] LengthAndText(string text)
    {
        byte[] bytes = new byte[4 + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length - 4);
        Encoding.UTF8.GetBytes(text, bytes.AsSpan(4));
        return bytes;
    }

    private static string NameOf(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

    private static byte[] WrittenByAnyone(object value)
    {
        using var stream = new MemoryStream();
        var options = Hyperion.SerializerOptions.Default.WithVersionTolerance(true).WithPreserveObjectReferences(true);
        new Hyperion.Serializer(options).Serialize(value, stream);
        return stream.ToArray();
    }

    private static byte[] Rename(byte[] bytes, Type from, Type to)
    {
        byte[] old = LengthAndText(NameOf(from));
        int at = bytes.AsSpan().IndexOf(old);
        Assert.True(at >= 0, "the type's name was not written as expected");
        return [.. bytes[..at], .. LengthAndText(NameOf(to)), .. bytes[(at + old.Length)..]];
    }

    private object Create(Type type, int length)
    {
        var constructor = type.GetConstructors().Single();
        object[] arguments = [.. constructor.GetParameters().Select((parameter, i) => Value(parameter.ParameterType, length, i))];
        return constructor.Invoke(arguments);
    }

    private object Value(Type type, int length, int seed) =>
        type == typeof(string) ? new string((char)('a' + seed), length)
        : type == typeof(long) ? (length % 2 == 0 ? long.MaxValue - length : -length - seed)
        : type == typeof(byte[]) ? Enumerable.Range(seed, length).Select(i => (byte)i).ToArray()
        : type == typeof(string[]) ? new[] { new string('é', length), "simd", "" }
        : type == typeof(IActorRef) ? _actor
        : throw new ArgumentException($"no value for {type}");

    private void AssertRefused(string reason, byte[] bytes) => Assert.Contains(
        reason, Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes, typeof(object))).Message, StringComparison.Ordinal);

    private void AssertFailsClosed(byte[] bytes)
    {
        try
        {
            Assert.IsAssignableFrom<IControlMessage>(_serializer.FromBinary(bytes, typeof(object)));
        }
        catch (SerializationException)
        {
        }
    }

    private sealed record Carrier(object Cargo);

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    /// <summary>Counts being brought to life.</summary>
    internal sealed class Landmine : ISurrogate
    {
        public static int Detonations { get; private set; }

        public static void Detonate() => Detonations++;

        public ISurrogated FromSurrogate(ActorSystem system)
        {
            Detonate();
            return ActorRefs.Nobody;
        }
    }
}
