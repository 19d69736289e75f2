using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;
using SortKey = TeleFhir.Domain.Search.SortKey;

namespace TeleFhir.Infrastructure.Search;

/// <summary>Writes search values as conditions on one index row.</summary>
internal sealed partial class CriteriaSql
{
    /// <summary>A row of a token parameter has this value.</summary>
    public string Token(TokenSearchValue value, string alias)
    {
        var conditions = new List<string>();
        if (value.Code is { } code)
        {
            conditions.Add($"{alias}.hash = {sql.Value(StorageHash.OfOptional(code))}");
        }

        if (value.System is { } system)
        {
            conditions.Add($"{alias}.system = {sql.Value(StorageHash.OfOptional(system))}");
        }

        return conditions.Count == 0 ? "1 = 0" : string.Join(" AND ", conditions);
    }

    /// <summary>A row of a token parameter has one of these values; those of one system are one list.</summary>
    public string Tokens(IEnumerable<TokenSearchValue> values, string alias) => Any([.. values
        .GroupBy(value => (value.System, HasCode: value.Code is not null))
        .Select(group => group.Key.HasCode && group.Skip(1).Any()
            ? AnyOf($"{alias}.hash", [.. group.Select(value => StorageHash.OfOptional(value.Code)).Distinct()])
                + (group.Key.System is { } system ? $" AND {alias}.system = {sql.Value(StorageHash.OfOptional(system))}" : "")
            : Token(group.First(), alias))]);

    /// <summary>A range of a date lies as the prefix asks (https://hl7.org/fhir/R4/search.html#prefix).</summary>
    public string Date(DateSearchValue value, string low, string high, long? longest)
    {
        var (from, to) = (value.Range.Low, value.Range.High);
        string Low() => sql.Value(from);
        string High() => sql.Value(to);

        // What a bound on the high end says of the low end, where ranges have a greatest length: it lets the index stop.
        string Reach(long bound) => longest is { } length ? $" AND {low} >= {sql.Value(Math.Max(0, bound - length))}" : "";
        return value.Prefix switch
        {
            SearchPrefix.Eq => $"{low} >= {Low()} AND {low} < {High()} AND {high} <= {High()}",
            SearchPrefix.Ne => $"NOT ({low} >= {Low()} AND {high} <= {High()})",
            SearchPrefix.Gt => $"{high} > {High()}{Reach(to)}",
            SearchPrefix.Lt => $"{low} < {Low()}",
            // Whatever starts in the range or later matches, so the high end is looked at only where it starts before.
            SearchPrefix.Ge => $"({low} >= {Low()} OR {high} > {High()}){Reach(from)}",
            SearchPrefix.Le => $"{low} < {High()} AND ({low} < {Low()} OR {high} <= {High()})",
            SearchPrefix.Sa => $"{low} >= {High()}",
            SearchPrefix.Eb => $"{high} <= {Low()} AND {low} < {Low()}",
            _ => $"{low} < {High()} AND {high} > {Low()}{Reach(from)}",
        };
    }

    /// <summary>A number or quantity row has this value.</summary>
    public string Quantity(QuantitySearchValue value, string alias)
    {
        var column = $"{alias}.value";
        string Number(decimal number) => sql.Value((double)number);
        var condition = value.Prefix switch
        {
            SearchPrefix.Eq or SearchPrefix.Ap => $"{column} >= {Number(value.Low)} AND {column} < {Number(value.High)}",
            SearchPrefix.Ne => $"NOT ({column} >= {Number(value.Low)} AND {column} < {Number(value.High)})",
            SearchPrefix.Gt or SearchPrefix.Sa => $"{column} > {Number(value.Value)}",
            SearchPrefix.Lt or SearchPrefix.Eb => $"{column} < {Number(value.Value)}",
            SearchPrefix.Ge => $"{column} >= {Number(value.Value)}",
            _ => $"{column} <= {Number(value.Value)}",
        };
        if (value.System is { } system)
        {
            condition += $" AND {alias}.system = {sql.Value(StorageHash.OfOptional(system))}";
        }

        if (value.Code is { } code)
        {
            var unit = StorageHash.OfOptional(code);

            // Without a system the text may be the coded or the printed unit.
            condition += string.IsNullOrEmpty(value.System)
                ? $" AND ({alias}.code = {sql.Value(unit)} OR {alias}.unit = {sql.Value(unit)})"
                : $" AND {alias}.code = {sql.Value(unit)}";
        }

        return condition;
    }

    /// <summary>A string or URI row has this text.</summary>
    public string Text(StringSearchValue value, IndexKind kind, SearchModifier modifier, string alias)
    {
        var text = SearchText.Valid(value.Text);
        if (modifier == SearchModifier.Above)
        {
            return Any([.. UriPath.Above(text).Select(parent =>
                $"({alias}.norm = {sql.Value(SearchText.Cut(parent))} AND {alias}.text = {sql.Value(parent)})")]);
        }

        if (modifier == SearchModifier.Below)
        {
            return Prefix(text, alias);
        }

        if (kind == IndexKind.Uri || modifier == SearchModifier.Exact)
        {
            var start = SearchText.Cut(kind == IndexKind.Uri ? text : SearchText.Normalize(text));
            return $"{alias}.norm = {sql.Value(start)} AND {alias}.text = {sql.Value(text)}";
        }

        var norm = SearchText.Normalize(text);
        return modifier switch
        {
            SearchModifier.Contains => $"{database.PositionFunction}(COALESCE({alias}.rest, {alias}.norm), {sql.Value(norm)}) > 0",
            SearchModifier.EndsWith => EndsWith($"COALESCE({alias}.rest, {alias}.norm)", norm),
            SearchModifier.Whole or SearchModifier.Unequal =>
                $"{alias}.norm = {sql.Value(SearchText.Cut(norm))} AND COALESCE({alias}.rest, {alias}.norm) = {sql.Value(norm)}",
            _ => Prefix(norm, alias),
        };
    }

    /// <summary>The value of a resource that a sort key goes by: the least or, downwards, the greatest; none where it has no value.</summary>
    public string FirstValue(SortKey key, Subject subject)
    {
        var parameter = key.Parameter;
        var (y, of) = (Alias(), key.Descending ? "MAX" : "MIN");
        string From(string table, string column) => $"(SELECT {of}({y}.{column}) FROM {table} {y} WHERE {y}.key = {subject.Key}"
            + $" AND {Sources(parameter.Sources, y, parameter.Kind == IndexKind.Reference)})";
        switch (parameter.Kind)
        {
            case IndexKind.Id:
                return $"{subject.Row}.id";
            case IndexKind.LastUpdated:
                return $"{subject.Row}.updated";
            case IndexKind.Date when parameter.IsTimeline:
                return $"NULLIF({subject.Rank}, 0)";
            case IndexKind.Date:
                return From("ix_date", "low");
            case IndexKind.Token:
                return From("ix_token", "code");
            case IndexKind.Quantity:
                return From("ix_quantity", "value");
            case IndexKind.String or IndexKind.Uri:
                return From("ix_string", "norm");
            case IndexKind.Reference:
                // A target that is not here, or not any more, has no id to go by.
                var t = Alias();
                var types = string.Join(", ", KeyRange.TargetsOf(parameter).Select(type => sql.Value(ResourceCatalog.NumberOf(type))));
                return $"(SELECT {of}({t}.id) FROM ix_reference {y} JOIN resource {t} ON {t}.id_hash = {y}.hash AND NOT {t}.deleted AND {t}.type IN ({types})"
                    + $" WHERE {y}.key = {subject.Key} AND {Sources(parameter.Sources, y, true)})";
            default:
                throw FhirException.NotSupported($"Sorting by {parameter.Code} is not supported.");
        }
    }

    private string Prefix(string text, string alias)
    {
        var prefix = SearchText.Cut(text);
        var condition = $"{alias}.norm >= {sql.Value(prefix)} AND {alias}.norm < {sql.Value(SearchText.After(prefix))}";
        return prefix.Length == text.Length
            ? condition
            : $"{condition} AND {alias}.rest >= {sql.Value(text)} AND {alias}.rest < {sql.Value(SearchText.After(text))}";
    }

    // Both databases count characters and not UTF-16 units.
    private string EndsWith(string column, string end)
    {
        var length = sql.Value((long)end.EnumerateRunes().Count());
        return $"length({column}) >= {length} AND substr({column}, CAST(length({column}) - {length} + 1 AS integer)) = {sql.Value(end)}";
    }

    /// <summary>A row of the parameter has this quantity: as written, or in base units where both can be converted.</summary>
    public string Quantities(ImmutableArray<IndexSource> sources, QuantitySearchValue value, string alias) => value.InBaseUnits is { } converted
        ? $"{Sources([.. sources.Select(source => source.Of(IndexFacet.BaseUnit))], alias, false)} AND {Quantity(converted with { Code = null }, alias)}"
            + $" AND {alias}.code = {sql.Value(StorageHash.OfOptional(converted.Code))}"
        : $"{Sources(sources, alias, false)} AND {Quantity(value, alias)}";

    private string Condition(SearchParameter parameter, IndexKind kind, SearchModifier modifier, SearchValue value, string alias) =>
        kind switch
        {
            IndexKind.Token => Token((TokenSearchValue)value, alias),
            IndexKind.Reference => AnyOf($"{alias}.hash", ReferenceHashes([value], [])),
            IndexKind.Date => Date((DateSearchValue)value, $"{alias}.low", $"{alias}.high", parameter.LongestRange),
            IndexKind.Quantity => Quantity((QuantitySearchValue)value, alias),
            IndexKind.String or IndexKind.Uri => Text((StringSearchValue)value, kind, modifier, alias),
            _ => throw new NotSupportedException(kind.ToString()),
        };

    /// <summary>The hashes a reference row may have: of the addresses named, or of the bare ids under every type allowed.</summary>
    public static ImmutableArray<long> ReferenceHashes(ImmutableArray<SearchValue> values, ImmutableArray<string> targets) =>
    [
        .. values.Cast<ReferenceSearchValue>().SelectMany(value => value switch
        {
            { Type: { } type, Id: { } id } => [StorageHash.OfReference(type, id)],
            { Id: { } id } => (targets.IsEmpty ? ResourceCatalog.Types : targets).Select(type => StorageHash.OfReference(type, id)),
            { Url: { } url } => [StorageHash.Of(url)],
            _ => (IEnumerable<long>)[],
        }).Distinct(),
    ];
}
