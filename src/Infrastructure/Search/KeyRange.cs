using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;
using SortKey = TeleFhir.Domain.Search.SortKey;

namespace TeleFhir.Infrastructure.Search;

/// <summary>
/// A part of the order of one sort key: where its values lie in an index, from one of them to another. Numbers, times and strings are in the
/// index of their rows; codes and ids of targets, whose rows are by hash, are in order in <c>token_code</c> and <c>resource</c>.
/// </summary>
/// <param name="Type">The type searched.</param>
/// <param name="Key">The key.</param>
/// <param name="From">Where the part begins, this value included; null: at the first of all.</param>
/// <param name="To">Where it ends; null: behind the last of all.</param>
internal sealed record KeyRange(string Type, SortKey Key, object? From = null, object? To = null)
{
    /// <summary>Whether the value at the end belongs to the part.</summary>
    public bool IncludesTo { get; init; }

    /// <summary>Whether the value at the beginning does not belong to the part.</summary>
    public bool IsBehindFrom { get; init; }

    private string Above => IsBehindFrom ? ">" : ">=";

    private string Below => IncludesTo ? "<=" : "<";

    /// <summary>A value lies in the part.</summary>
    public string Within(SqlText sql, string column)
    {
        var (above, below) = Key.Descending ? (Above.Replace('>', '<'), Below.Replace('<', '>')) : (Above, Below);
        var conditions = new List<string>(2);
        if (From is { } from)
        {
            conditions.Add($"{column} {above} {sql.Value(from)}");
        }

        if (To is { } to)
        {
            conditions.Add($"{column} {below} {sql.Value(to)}");
        }

        return conditions.Count == 0 ? "1 = 1" : string.Join(" AND ", conditions);
    }

    /// <summary>The resources that have a value in the part, whether it is their first or not.</summary>
    public SearchDriver Driver()
    {
        var (table, branches) = Key.Parameter switch
        {
            { Kind: IndexKind.Id } => ("resource", Row("d.id", "")),
            { Kind: IndexKind.LastUpdated } => ("resource", Row("d.updated", "")),
            { Kind: IndexKind.Date, IsTimeline: true } => ("resource", Row("d.rank", " AND d.rank > 0")),
            { Kind: IndexKind.Date } => ("ix_date", Values("low")),
            { Kind: IndexKind.Quantity } => ("ix_quantity", Values("value")),
            { Kind: IndexKind.String or IndexKind.Uri } => ("ix_string", Values("norm")),
            { Kind: IndexKind.Token } => ("ix_token", ByHash("hash", "token_code", "code", source => (_, sql) => $"t.param = {sql.Value(source.ParameterId)}")),
            { Kind: IndexKind.Reference } => ("ix_reference", ByHash("id_hash", "resource", "id", _ => (_, sql) => $"{OneOfTargets("t", sql)} AND NOT t.deleted")),
            _ => throw FhirException.NotSupported($"Sorting by {Key.Parameter.Code} is not supported."),
        };
        return new SearchDriver(table, branches, Ordered: false, Cost: int.MaxValue, Answers: []);
    }

    /// <summary>
    /// The queries that together read the values of the part in their order, as <c>v</c>, once for each row that has one, and at least
    /// once: what is looked at on the way counts, too.
    /// </summary>
    public IEnumerable<string> Values(SqlText sql)
    {
        string Order(string column) => $" ORDER BY {column}{(Key.Descending ? " DESC" : "")}";
        switch (Key.Parameter.Kind)
        {
            case IndexKind.Token:
                return Key.Parameter.Sources.Select(source => $"SELECT t.code AS v FROM token_code t LEFT JOIN ix_token d ON d.param = t.param AND d.hash = t.hash"
                    + $" WHERE t.param = {sql.Value(source.ParameterId)} AND {Within(sql, "t.code")}{Order("t.code")}");
            case IndexKind.Reference:
                return from source in Key.Parameter.Sources
                       from target in TargetsOf(Key.Parameter)
                       where source.TargetType is null || source.TargetType == target
                       select $"SELECT t.id AS v FROM resource t LEFT JOIN ix_reference d ON d.param = {sql.Value(source.ParameterId)} AND d.hash = t.id_hash"
                           + $" WHERE t.type = {sql.Value(ResourceCatalog.NumberOf(target))} AND NOT t.deleted AND {Within(sql, "t.id")}{Order("t.id")}";
            default:
                var driver = Driver();
                var column = ColumnOf(Key.Parameter);
                var ofType = driver.Table == "resource" ? $" AND d.type = {sql.Value(ResourceCatalog.NumberOf(Type))} AND NOT d.deleted" : "";
                return driver.Branches.Select(branch => $"SELECT d.{column} AS v FROM {driver.Table} d WHERE {branch(null!, sql)}{ofType}{Order($"d.{column}")}");
        }
    }

    /// <summary>The types whose ids count as values of a reference.</summary>
    public static ImmutableArray<string> TargetsOf(SearchParameter parameter) =>
        parameter.Sources.All(source => source.TargetType is not null) ? [.. parameter.Sources.Select(source => source.TargetType!).Distinct()]
        : parameter.Targets.IsEmpty ? ResourceCatalog.Types
        : parameter.Targets;

    private static string ColumnOf(SearchParameter parameter) => parameter switch
    {
        { Kind: IndexKind.Id } => "id",
        { Kind: IndexKind.LastUpdated } => "updated",
        { Kind: IndexKind.Date, IsTimeline: true } => "rank",
        { Kind: IndexKind.Date } => "low",
        { Kind: IndexKind.Quantity } => "value",
        _ => "norm",
    };

    private string OneOfTargets(string alias, SqlText sql) =>
        $"{alias}.type IN ({string.Join(", ", TargetsOf(Key.Parameter).Select(type => sql.Value(ResourceCatalog.NumberOf(type))))})";

    private ImmutableArray<Func<CriteriaSql, SqlText, string>> Row(string column, string also) =>
        [(_, sql) => $"{Within(sql, column)}{also}"];

    private ImmutableArray<Func<CriteriaSql, SqlText, string>> Values(string column) =>
        [.. Key.Parameter.Sources.Select(source => (Func<CriteriaSql, SqlText, string>)((_, sql) =>
            $"d.param = {sql.Value(source.ParameterId)} AND {Within(sql, $"d.{column}")}"))];

    private ImmutableArray<Func<CriteriaSql, SqlText, string>> ByHash(
        string hash, string table, string column, Func<IndexSource, Func<CriteriaSql, SqlText, string>> which) =>
        [.. Key.Parameter.Sources.Select(source => (Func<CriteriaSql, SqlText, string>)((write, sql) =>
            $"d.param = {sql.Value(source.ParameterId)}"
            + $" AND {write.AmongFew("d.hash", $"SELECT t.{hash} FROM {table} t WHERE {which(source)(write, sql)} AND {Within(sql, $"t.{column}")}")}"))];
}
