using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace TeleFhir.Bench.Endurance;

/// <summary>A subscriber: takes notifications and remembers when it was first told of what.</summary>
internal sealed class Inbox(string name, int perNotification, TimeSpan pause)
{
    private readonly Lock _lock = new();
    private long _last;

    public string Name => name;

    /// <summary>So many events it wants in a notification at most.</summary>
    public int PerNotification => perNotification;

    /// <summary>Before this it answers 500, as <see cref="Stopwatch"/> counts.</summary>
    public long AnswersFrom { get; set; }

    /// <summary>By reference of the focus.</summary>
    public ConcurrentDictionary<string, long> Told { get; } = new(StringComparer.Ordinal);

    public int Received { get; private set; }

    public int Refused { get; private set; }

    public int Events { get; private set; }

    public int Repeated { get; private set; }

    /// <summary>Events whose number is more than one above the greatest that came before.</summary>
    public int OutOfOrder { get; private set; }

    /// <summary>The status that it answers with.</summary>
    public async Task<int> TakeAsync(Stream body, long now)
    {
        using var bundle = await JsonDocument.ParseAsync(body);
        if (now < AnswersFrom)
        {
            lock (_lock)
            {
                Refused++;
            }

            return 500;
        }

        await Task.Delay(pause);
        lock (_lock)
        {
            Received++;
            foreach (var parameter in bundle.RootElement.GetProperty("entry")[0].GetProperty("resource").GetProperty("parameter").EnumerateArray()
                .Where(parameter => parameter.GetProperty("name").GetString() == "notification-event"))
            {
                Take(parameter.GetProperty("part"), now);
            }
        }

        return 200;
    }

    private void Take(JsonElement parts, long now)
    {
        Events++;
        JsonElement Part(string part) => parts.EnumerateArray().First(one => one.GetProperty("name").GetString() == part);
        var number = long.Parse(Part("event-number").GetProperty("valueString").GetString()!, CultureInfo.InvariantCulture);
        OutOfOrder += number > _last + 1 ? 1 : 0;
        _last = Math.Max(_last, number);
        var reference = Part("focus").GetProperty("valueReference").GetProperty("reference").GetString()!;
        Repeated += Told.TryAdd(string.Join('/', reference.Split('/')[^2..]), now) ? 0 : 1;
    }
}
