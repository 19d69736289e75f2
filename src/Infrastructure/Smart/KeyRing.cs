using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IKeyRing" />
internal sealed class KeyRing(SmartDb database) : IKeyRing
{
    public IReadOnlyList<string> List()
    {
        using var db = database.Open();
        return [.. db.Set<KeyRingRow>().AsNoTracking().Select(row => row.Xml)];
    }

    public void Add(string name, string xml)
    {
        using var db = database.Open();
        db.Add(new KeyRingRow { Name = name, Xml = xml });
        db.SaveChanges();
    }
}
