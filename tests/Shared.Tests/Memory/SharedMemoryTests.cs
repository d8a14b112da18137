using System.IO.Pipes;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Memory;

/// <summary>On Linux; elsewhere there is no such memory.</summary>
public sealed class HostMemoryTests : IDisposable
{
    private const int Length = 3000;
    private readonly SharedMemory? _memory = SharedMemory.Create(Length, 3, peersWrite: true);

    [Fact]
    public void It_is_there_on_Linux_and_nowhere_else() => Assert.Equal(OperatingSystem.IsLinux(), _memory is not null);

    [LinuxFact]
    public void What_one_writes_the_other_reads_in_the_same_place()
    {
        using SharedMemory other = Open(_memory!.Name)!;
        for (int index = 0; index < _memory.Count; index++)
        {
            using AlignedBuffer here = _memory.BufferAt(index);
            using AlignedBuffer there = other.BufferAt(index);
            here.Span.Fill(index + 1);
            Assert.Equal(here.Span, there.Span);
            there.Span.Fill(-index);
            Assert.Equal(here.Span, there.Span);
            Assert.Equal((index, null), (other.IndexOf(there), other.IndexOf(here)));
            Assert.Equal((index, null), (_memory.IndexOf(here), _memory.IndexOf(there)));
        }
    }

    [LinuxFact]
    public void Buffers_begin_zeroed_aligned_and_apart()
    {
        foreach (int length in new[] { 0, 1, 1008, 1024, 1025 })
        {
            using SharedMemory memory = SharedMemory.Create(length, 2, peersWrite: true)!;
            using AlignedBuffer first = memory.BufferAt(0);
            using AlignedBuffer second = memory.BufferAt(1);
            Assert.Equal(new float[length], first.Span.ToArray());
            first.Span.Fill(1);
            Assert.Equal(new float[length], second.Span.ToArray());
            Assert.True(IsAligned(first) && IsAligned(second));
        }
    }

    [LinuxFact]
    public void A_buffer_outlives_the_memory_it_is_in()
    {
        SharedMemory other = Open(_memory!.Name)!;
        AlignedBuffer buffer = other.BufferAt(1);
        other.Dispose();
        buffer.Span.Fill(5);
        Assert.Equal(5, buffer.Span[^1]);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => other.BufferAt(1));
    }

    [LinuxFact]
    public void What_others_may_only_read_they_cannot_open_to_write()
    {
        using SharedMemory memory = SharedMemory.Create(Length, 1, peersWrite: false)!;
        Assert.Null(SharedMemory.Map(memory.Name, Length, writable: true));
        using AlignedBuffer here = memory.BufferAt(0);
        here.Span[7] = 7;
        using SharedMemory other = SharedMemory.Map(memory.Name, Length, writable: false)!;
        using AlignedBuffer there = other.BufferAt(0);
        Assert.Equal(7, there.Span[7]);
    }

    [LinuxFact]
    public void Nobody_can_take_away_what_another_uses()
    {
        using FileStream file = File.Open($"/proc/self/fd/{_memory!.Name.Descriptor}", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Assert.ThrowsAny<Exception>(() => file.SetLength(0));
        Assert.ThrowsAny<Exception>(() => file.SetLength(file.Length + 1));
    }

    [LinuxFact]
    public void Hidden_it_stays_with_those_who_have_it()
    {
        using SharedMemory other = Open(_memory!.Name)!;
        _memory.Unexport();
        Assert.Null(Open(_memory.Name));
        using AlignedBuffer here = _memory.BufferAt(0);
        using AlignedBuffer there = other.BufferAt(0);
        here.Span.Fill(4);
        Assert.Equal(4, there.Span[9]);
    }

    [LinuxFact]
    public void A_name_of_something_else_opens_nothing()
    {
        SharedMemoryName name = _memory!.Name;
        Assert.Null(Open(name with { Mark = Guid.NewGuid() }));
        Assert.Null(Open(name with { Count = 2 }));
        Assert.Null(Open(name with { Count = 0 }));
        Assert.Null(Open(name with { Count = int.MaxValue }));
        Assert.Null(Open(name with { Process = int.MaxValue }));
        Assert.Null(Open(name with { Process = -1 }));
        Assert.Null(Open(name with { Descriptor = 1_000_000 }));
        Assert.Null(SharedMemory.Map(name, Length + 5000, writable: true));
        // Waiting for a writer that never comes would be worse than finding nothing.
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        Assert.Null(Open(name with { Descriptor = (int)pipe.SafePipeHandle.DangerousGetHandle() }));
        using FileStream file = new(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 1, FileOptions.DeleteOnClose);
        Assert.Null(Open(name with { Descriptor = (int)file.SafeFileHandle.DangerousGetHandle() }));
    }

    [LinuxFact]
    public void A_name_survives_being_written()
    {
        byte[] bytes = new byte[SharedMemoryName.Size];
        _memory!.Name.Write(bytes);
        Assert.Equal(_memory.Name, SharedMemoryName.Read(bytes));
    }

    [LinuxFact]
    public void A_pool_hands_out_its_buffers_first_and_takes_them_back()
    {
        using var pool = new BufferPool(Length);
        pool.Rent().Release();
        BufferShelf shelf = pool.Prefer(new RegionSource(_memory!));
        RefCountedBuffer[] rented = [.. Enumerable.Range(0, 5).Select(_ => pool.Rent())];
        Assert.Equal([0, 1, 2, null, null], rented.Select(buffer => _memory!.IndexOf(buffer.Memory)));
        Array.ForEach(rented, buffer => buffer.Release());
        // The region comes first again, although buffers of the heap were returned last.
        RefCountedBuffer again = pool.Rent();
        Assert.NotNull(_memory!.IndexOf(again.Memory));
        Assert.Equal(5, pool.Created);
        Assert.Throws<ArgumentOutOfRangeException>(() => new BufferPool(Length + 1).Prefer(new RegionSource(_memory!)));

        pool.Remove(shelf);
        again.Release();
        Assert.Throws<ObjectDisposedException>(() => again.Span.Length);
        RefCountedBuffer next = pool.Rent();
        Assert.Null(_memory.IndexOf(next.Memory));
        next.Release();
    }

    public void Dispose() => _memory?.Dispose();

    private static unsafe bool IsAligned(AlignedBuffer buffer)
    {
        fixed (float* first = buffer.Span)
        {
            return (nuint)first % AlignedBuffer.Alignment == 0;
        }
    }

    private static SharedMemory? Open(SharedMemoryName name) => SharedMemory.Map(name, Length, writable: true);
}
