using System.Globalization;
using Npgsql;
using TeleFhir.Bench.Population;
using TeleFhir.Domain.Fhir;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Bench.Layouts;

/// <summary>The questions that both layouts are asked, in hand-written SQL for the promoted tables.</summary>
internal sealed class PromotedQuestions(NpgsqlDataSource source, Town town)
{
    private const string Columns = "o.key, o.id, o.version, o.updated, o.raw";

    /// <summary>Names as in the other list of questions.</summary>
    public IReadOnlyList<(string Name, Func<Dice, Task<long>> AskAsync)> All =>
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
    public async Task<string> ExplainAsync(int at)
    {
        _explain = true;
        _plan = "";
        await All[at].AskAsync(new Dice(77, 0));
        _explain = false;
        return _plan;
    }

    private bool _explain;
    private string _plan = "";

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
