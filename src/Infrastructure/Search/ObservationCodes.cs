using System.Collections.Immutable;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Search;

/// <inheritdoc cref="IObservationCodes" />
internal sealed class ObservationCodes(Database database, SearchParameterCatalog catalog) : IObservationCodes
{
    private const int Most = 200;

    private readonly int _code = catalog.Find("Observation", "code")!.Id;

    public async Task<ImmutableArray<ObservationCode>?> OfPatientAsync(string patient, CancellationToken cancellationToken)
    {
        var hash = StorageHash.OfReference("Patient", patient);
        var found = ImmutableArray.CreateBuilder<ObservationCode>();
        await using var session = await database.OpenAsync(cancellationToken);
        foreach (var parameter in (int[])[_code, ObservationText.ParameterId])
        {
            // From each code the index leads to the next, however many readings there are of it. That all are of one system is read from the index too.
            var sql = new SqlText();
            var of = $"ix_token d WHERE d.patient = {sql.Value(hash)} AND d.patient <> 0 AND d.param = {sql.Value(parameter)}";
            sql.Append($"WITH RECURSIVE codes (hash) AS (SELECT (SELECT d.hash FROM {of} ORDER BY d.hash LIMIT 1)")
                .Append($" UNION ALL SELECT (SELECT d.hash FROM {of} AND d.hash > c.hash ORDER BY d.hash LIMIT 1) FROM codes c WHERE c.hash IS NOT NULL)")
                .Append($" SELECT (SELECT d.code FROM {of} AND d.hash = c.hash LIMIT 1), CASE WHEN EXISTS (SELECT 1 FROM {of} AND d.hash = c.hash")
                .Append($" AND d.system <> (SELECT d.system FROM {of} AND d.hash = c.hash LIMIT 1)) THEN 1 ELSE 0 END")
                .Append($" FROM codes c WHERE c.hash IS NOT NULL LIMIT {Most + 1}");
            var codes = await session.QueryAsync(sql, row => (Value: row.GetString(0), IsMixed: row.GetInt32(1) == 1), cancellationToken);
            if (codes.Count > Most || codes.Exists(code => code.IsMixed || code.Value.Length >= SearchText.IndexedLength))
            {
                return null;
            }

            // A coding with a system and no code is none.
            var isText = parameter != _code;
            found.AddRange(codes.Where(code => isText || code.Value.Length > 0).Select(code => new ObservationCode(code.Value, isText)));
        }

        return found.ToImmutable();
    }
}
