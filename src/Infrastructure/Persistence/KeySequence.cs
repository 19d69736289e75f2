using System.Security.Cryptography;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// Issues storage keys: milliseconds since 2020 (41 bits), node number (10), counter (12). They grow with time, need no round trip
/// and are unique as long as no two nodes with one number write within one millisecond; the primary key catches those, and the
/// commit is tried again.
/// </summary>
internal sealed class KeySequence(TimeProvider clock)
{
    private const int CounterBits = 12;
    private const int NodeBits = 10;
    private static readonly long _epoch = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private readonly long _node = RandomNumberGenerator.GetInt32(1 << NodeBits);
    private long _last;

    public long Next()
    {
        var floor = (clock.GetUtcNow().ToUnixTimeMilliseconds() - _epoch) << CounterBits;
        while (true)
        {
            var last = Interlocked.Read(ref _last);
            var next = Math.Max(last + 1, floor);
            if (Interlocked.CompareExchange(ref _last, next, last) == last)
            {
                // More than 4,096 in one millisecond borrow from the next: the counter is the low part of the time.
                return ((next >> CounterBits) << (CounterBits + NodeBits)) | (_node << CounterBits) | (next & ((1 << CounterBits) - 1));
            }
        }
    }
}
