using System.Globalization;
using Npgsql;
using TeleFhir.Bench.Population;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Bench.Layouts;

/// <summary>
/// The questions that both layouts are asked, as plain SQL: written by hand for the promoted tables, as the product writes it for its own.
/// </summary>
internal sealed class PlainQuestions(NpgsqlDataSource source, SearchParameterCatalog catalog, Town town)
{
    private const string Columns = "o.key, o.id, o.version, o.updated, o.raw";
    private const string ThenRows = $") i JOIN resource o ON o.key = i.key ORDER BY i.s0 DESC, i.key DESC";
    private bool _explain;
    private string _plan = "";

    /// <summary>The product's tables; names as in the list of questions to the store.</summary>
    public IReadOnlyList<(string Name, Func<Dice, Task<long>> AskAsync)> Uniform =>
    [
        ("patient+code, -date, 20", dice =>
        {
            var (patient, _, code, _) = town.OfObservation(dice.Below(town.Observations));
            return RunAsync(
                $"SELECT {Columns} FROM (SELECT DISTINCT d.rank AS s0, d.key AS key FROM ix_token d WHERE d.patient = $1 AND d.patient <> 0 "
                + $"AND d.param = $2 AND d.hash = $3 AND d.system = $4 ORDER BY s0 DESC, key DESC LIMIT 21{ThenRows}",
                Subject(patient), Param("Observation", "code"), StorageHash.Of(code.Code), StorageHash.Of(Town.Loinc));
        }),
        ("patient+category+date>=, 50", dice =>
        {
            var (patient, _, code, when) = town.OfObservation(dice.Below(town.Observations));
            var day = when.AddDays(-365).Date;
            return RunAsync(
                $"SELECT {Columns} FROM (SELECT DISTINCT d.rank AS s0, d.key AS key FROM ix_token d WHERE d.patient = $1 AND d.patient <> 0 "
                + "AND d.param = $2 AND d.hash = $3 AND d.rank <> 0 AND (d.rank >= $4 OR (SELECT z.rank_high FROM resource z WHERE z.key = d.key) > $5) "
                + $"ORDER BY s0 DESC, key DESC LIMIT 51{ThenRows}",
                Subject(patient), Param("Observation", "category"), StorageHash.Of(code.Category), day.Ticks, day.AddDays(1).Ticks);
        }),
        ("code+value-quantity>5, 20", dice => RunAsync(
            $"SELECT {Columns} FROM (SELECT DISTINCT d.rank AS s0, d.key AS key FROM ix_token d WHERE d.param = $1 AND d.hash = $2 AND d.system = $3 "
            + "AND EXISTS (SELECT 1 FROM ix_quantity x WHERE x.key = d.key AND x.param = $4 AND x.value > $5 OFFSET 0) "
            + $"ORDER BY s0 DESC, key DESC LIMIT 21{ThenRows}",
            Param("Observation", "code"),
            StorageHash.Of(Codes.Others[dice.Below(16)].Code),
            StorageHash.Of(Town.Loinc),
            Param("Observation", "value-quantity"),
            5.0)),
        ("subject:Patient.identifier, -date, 20", dice => RunAsync(
            $"SELECT {Columns} FROM ix_token t JOIN resource p ON p.key = t.key AND NOT p.deleted CROSS JOIN LATERAL (SELECT d.key AS key, d.rank AS s0 "
            + "FROM ix_reference d WHERE d.param = $4 AND d.hash = p.id_hash ORDER BY d.rank DESC, d.key DESC LIMIT 21) i "
            + "JOIN resource o ON o.key = i.key WHERE t.param = $1 AND t.hash = $2 AND t.system = $3 ORDER BY i.s0 DESC, i.key DESC LIMIT 21",
            Param("Patient", "identifier"),
            StorageHash.Of(Town.Identifier(town.OfObservation(dice.Below(town.Observations)).Patient)),
            StorageHash.Of(Town.IdentifierSystem),
            Param("Observation", "subject"))),
    ];

    public IReadOnlyList<(string Name, Func<Dice, Task<long>> AskAsync)> Promoted =>
    [
        ("patient+code, -date, 20", dice =>
        {
            var (patient, _, code, _) = town.OfObservation(dice.Below(town.Observations));
            return RunAsync(
                $"SELECT {Columns} FROM (SELECT key, eff_lo FROM f_hot WHERE subject_h = $1 AND code_h = $2 AND sys = $3 "
                + $"ORDER BY eff_lo DESC, key DESC LIMIT 21) h JOIN f_observation o USING (key) WHERE NOT o.deleted ORDER BY h.eff_lo DESC, h.key DESC",
                Subject(patient), StorageHash.Of(code.Code), PromotedTables.SystemOf(Town.Loinc));
        }),
        ("patient+category+date>=, 50", dice =>
        {
            var (patient, _, code, when) = town.OfObservation(dice.Below(town.Observations));
            var day = when.AddDays(-365).Date;
            return RunAsync(
                $"SELECT {Columns} FROM f_observation o WHERE o.subject_h = $1 AND o.cat_mask & $2 <> 0 AND (o.eff_lo >= $3 OR o.eff_hi > $4) "
                + "AND NOT o.deleted ORDER BY o.eff_lo DESC, o.key DESC LIMIT 51",
                Subject(patient), PromotedTables.CategoryBit(code.Category), day.Ticks, day.AddDays(1).Ticks);
        }),
        ("code+value-quantity>5, 20", dice => RunAsync(
            $"SELECT {Columns} FROM (SELECT key, eff_lo FROM f_hot WHERE code_h = $1 AND sys = $2 AND val > $3 ORDER BY eff_lo DESC, key DESC LIMIT 21) h "
            + "JOIN f_observation o USING (key) WHERE NOT o.deleted ORDER BY h.eff_lo DESC, h.key DESC",
            StorageHash.Of(Codes.Others[dice.Below(16)].Code), PromotedTables.SystemOf(Town.Loinc), 5.0)),
        ("subject:Patient.identifier, -date, 20", dice => RunAsync(
            $"SELECT {Columns} FROM f_token i JOIN f_patient p ON p.key = i.key CROSS JOIN LATERAL (SELECT * FROM f_observation "
            + "WHERE subject_h = p.id_h AND NOT deleted ORDER BY eff_lo DESC, key DESC LIMIT 21) o "
            + "WHERE i.type = $1 AND i.param = $2 AND i.h = $3 AND i.sys = $4 ORDER BY o.eff_lo DESC, o.key DESC LIMIT 21",
            ResourceCatalog.NumberOf("Patient"),
            PromotedTables.IdentifierParam,
            StorageHash.Of(Town.Identifier(town.OfObservation(dice.Below(town.Observations)).Patient)),
            PromotedTables.SystemOf(Town.IdentifierSystem))),
    ];

    /// <summary>The plan of each with the values of one throw.</summary>
    public async Task<string> ExplainAsync(Func<Dice, Task<long>> askAsync)
    {
        _explain = true;
        _plan = "";
        await askAsync(new Dice(77, 0));
        _explain = false;
        return _plan;
    }

    private int Param(string type, string code) => catalog.Find(type, code)!.Sources[0].ParameterId;

    private static long Subject(int patient) => StorageHash.OfReference("Patient", Town.PatientId(patient));

    private async Task<long> RunAsync(string sql, params object[] values)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(_explain ? $"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {sql}" : sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        var rows = 0L;
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows++;
            if (_explain)
            {
                _plan += string.Create(CultureInfo.InvariantCulture, $"{reader.GetString(0)}\n");
            }
            else
            {
                _ = (reader.GetInt64(0), reader.GetString(1), reader.GetInt32(2), reader.GetInt64(3), reader.GetFieldValue<byte[]>(4));
            }
        }

        return rows;
    }
}
