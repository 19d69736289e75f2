using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;
using SortKey = TeleFhir.Domain.Search.SortKey;

namespace TeleFhir.Infrastructure.Search;

/// <summary>
/// The resource a criterion is about, as SQL names it.
/// </summary>
/// <param name="Key">Its storage key, for example <c>d.key</c>.</param>
/// <param name="Row">Its row in <c>resource</c>, or null where that table is not part of the query.</param>
/// <param name="Rank">Its place in time; of an index row where there is one, so that the index can use it.</param>
internal readonly record struct Subject(string Key, string? Row, string Rank);

/// <summary>A reference criterion whose targets are known already: a chain that was resolved first.</summary>
internal sealed record TargetsCriterion(SearchParameter Reference, ImmutableArray<long> Hashes) : Criterion;

/// <summary>The resource is one of these: a reverse chain that was resolved first.</summary>
internal sealed record RowsCriterion(ImmutableArray<long> IdHashes) : Criterion;

/// <summary>The first value of a sort key, in its order, is this one; null: there is no value.</summary>
internal sealed record FirstValueCriterion(SortKey Key, object? Value) : Criterion;

/// <summary>What resources of a type must satisfy to be seen; empty where nothing is withheld.</summary>
internal delegate ImmutableArray<Criterion> Visible(string type);

/// <summary>Writes criteria as conditions: probes of the index rows of one resource.</summary>
/// <param name="database">Whose dialect.</param>
/// <param name="sql">Where to.</param>
/// <param name="visible">What is seen of the resources that a chain or <c>_has</c> leads to; null where nothing is withheld.</param>
internal sealed partial class CriteriaSql(Database database, SqlText sql, Visible? visible = null)
{
    private AccessSql? _access;
    private int _aliases;

    /// <summary>Writes what a caller may see.</summary>
    public AccessSql Access => _access ??= new AccessSql(this, sql, Alias);

    /// <summary>Whether the criterion looks at the resource's own row.</summary>
    public static bool NeedsRow(Criterion criterion) => criterion switch
    {
        ValueCriterion { Parameter.Kind: IndexKind.Id or IndexKind.LastUpdated } => true,
        HasCriterion or RowsCriterion => true,
        FirstValueCriterion { Key.Parameter.Kind: IndexKind.LastUpdated } => true,
        CompartmentCriterion { Type: "Patient" } or ConsentCriterion { Type: "Patient" } => true,
        AnyCriterion any => any.Alternatives.Any(NeedsRow),
        AllCriterion all => all.Parts.Any(NeedsRow),
        NotCriterion not => NeedsRow(not.Criterion),
        _ => false,
    };

    /// <summary>Appends the condition.</summary>
    public void Append(Criterion criterion, Subject subject)
    {
        switch (criterion)
        {
            case ValueCriterion given:
                sql.Append(Value(given, subject));
                break;
            case MissingCriterion missing:
                sql.Append(Missing(missing, subject));
                break;
            case ChainCriterion chain:
                Chain(chain, subject);
                break;
            case HasCriterion has:
                Has(has, subject);
                break;
            case TargetsCriterion targets:
                var x = Alias();
                sql.Append($"EXISTS (SELECT 1 FROM ix_reference {x} WHERE {x}.key = {subject.Key} AND {Sources(targets.Reference.Sources, x, false)}")
                    .Append($" AND {AnyOf($"{x}.hash", targets.Hashes)}{database.Fence})");
                break;
            case WordsCriterion words:
                sql.Append(Words(words, subject.Key));
                break;
            case RefersToCriterion refers:
                sql.Append(RefersTo(refers, subject));
                break;
            case RowsCriterion rows:
                sql.Append(AnyOf($"{subject.Row}.id_hash", rows.IdHashes));
                break;
            case FirstValueCriterion first:
                sql.Append($"{FirstValue(first.Key, subject)} {(first.Value is { } value ? $"= {sql.Value(value)}" : "IS NULL")}");
                break;
            case NotCriterion not:
                sql.Append("NOT (");
                Append(not.Criterion, subject);
                sql.Append(")");
                break;
            case AnyCriterion any:
                Combine(any.Alternatives, " OR ", "1 = 0", subject);
                break;
            case AllCriterion all:
                Combine(all.Parts, " AND ", "1 = 1", subject);
                break;
            case CompartmentCriterion compartment:
                sql.Append(Access.Compartment(compartment, subject));
                break;
            case NoPatientCriterion noPatient:
                sql.Append(Access.NoPatient(noPatient, subject));
                break;
            case ClearanceCriterion clearance:
                sql.Append(Access.Clearance(clearance, subject));
                break;
            case ConsentCriterion consent:
                sql.Append(Access.Consent(consent, subject));
                break;
            case SecurityContextCriterion context:
                SecurityContext(context, subject);
                break;
            case NoSecurityContextCriterion:
                var none = Alias();
                sql.Append($"NOT EXISTS (SELECT 1 FROM ix_reference {none} WHERE {none}.key = {subject.Key} AND {none}.param = {sql.Value(SecurityContextCriterion.ParameterId)})");
                break;
            default:
                throw new NotSupportedException(criterion.GetType().Name);
        }
    }

    /// <summary>The rows of a parameter: by its id, or those of the parameters that store its values.</summary>
    public string Sources(ImmutableArray<IndexSource> sources, string alias, bool narrow)
    {
        if (narrow && sources.Any(source => source.TargetType is not null))
        {
            return "(" + string.Join(" OR ", sources.Select(source => source.TargetType is { } type
                ? $"({alias}.param = {sql.Value(source.ParameterId)} AND {alias}.target_type = {sql.Value(ResourceCatalog.NumberOf(type))})"
                : $"{alias}.param = {sql.Value(source.ParameterId)}")) + ")";
        }

        return sources.Length == 1
            ? $"{alias}.param = {sql.Value(sources[0].ParameterId)}"
            : $"{alias}.param IN ({string.Join(", ", sources.Select(source => sql.Value(source.ParameterId)))})";
    }

    /// <summary>
    /// One of the conditions. They are paired like the matches of a tournament: in a row, a thousand would nest a thousand deep,
    /// which SQLite refuses.
    /// </summary>
    public static string Any(ReadOnlySpan<string> conditions) => conditions switch
    {
        [] => "(1 = 0)",
        [var only] => $"({only})",
        _ => $"({Any(conditions[..(conditions.Length / 2)])} OR {Any(conditions[(conditions.Length / 2)..])})",
    };

    public string AnyOf(string column, ImmutableArray<long> values) => values.IsEmpty ? "1 = 0" : database.AnyOf(column, values, sql);

    public string AmongFew(string column, string query) => database.AmongFew(column, query);

    /// <summary>The resource that a Binary belongs to is there and is seen.</summary>
    private void SecurityContext(SecurityContextCriterion criterion, Subject subject)
    {
        var (x, c) = (Alias(), Alias());
        sql.Append($"EXISTS (SELECT 1 FROM ix_reference {x} JOIN resource {c} ON {c}.id_hash = {x}.hash")
            .Append($" WHERE {x}.key = {subject.Key} AND {x}.param = {sql.Value(SecurityContextCriterion.ParameterId)} AND NOT {c}.deleted AND ");
        SeenContext(criterion, c);
        sql.Append(")");
    }

    /// <summary>A row of <c>resource</c> is one of the contexts and is seen.</summary>
    public void SeenContext(SecurityContextCriterion criterion, string row)
    {
        sql.Append("(1 = 0");
        foreach (var (type, seen) in criterion.Contexts)
        {
            sql.Append($" OR ({row}.type = {sql.Value(ResourceCatalog.NumberOf(type))} AND ");
            Combine(seen, " AND ", "1 = 1", new Subject($"{row}.key", row, $"{row}.rank"));
            sql.Append(")");
        }

        sql.Append(")");
    }

    private static string TableOf(IndexKind kind) => kind switch
    {
        IndexKind.Token => "ix_token",
        IndexKind.Reference => "ix_reference",
        IndexKind.Date => "ix_date",
        IndexKind.Quantity => "ix_quantity",
        IndexKind.String or IndexKind.Uri => "ix_string",
        _ => throw new NotSupportedException(kind.ToString()),
    };

    private string Alias() => $"x{_aliases++}";

    private string Value(ValueCriterion criterion, Subject subject)
    {
        var parameter = criterion.Parameter;
        switch (parameter.Kind)
        {
            case IndexKind.Id:
                return (criterion.Modifier == SearchModifier.Not ? "NOT " : "") + AnyOf(
                    $"{subject.Row}.id_hash",
                    [.. criterion.Values.Select(value => StorageHash.OfReference(parameter.ResourceType, ((TokenSearchValue)value).Code ?? ""))]);
            case IndexKind.LastUpdated:
                return Or(criterion.Values, value => Date(
                    (DateSearchValue)value, $"{subject.Row}.updated", $"({subject.Row}.updated + {TimeSpan.TicksPerMillisecond})", TimeSpan.TicksPerMillisecond));
            case IndexKind.Date when parameter.IsTimeline:
                // Most dates are decided by the low end, which index rows have; a join would fetch the row for every one.
                var high = subject.Row is { } row ? $"{row}.rank_high" : $"(SELECT z.rank_high FROM resource z WHERE z.key = {subject.Key})";
                return $"{subject.Rank} <> 0 AND " + Or(criterion.Values, value => Date(
                    (DateSearchValue)value, subject.Rank, high, parameter.LongestRange));
            case IndexKind.Composite:
                return Composite(parameter, criterion.Values, subject);
        }

        var x = Alias();
        return (criterion.Modifier == SearchModifier.Not ? "NOT " : "")
            + $"EXISTS (SELECT 1 FROM {TableOf(ValueRows.KindOf(criterion))} {x} WHERE {x}.key = {subject.Key}"
            + $" AND {Rows(criterion, x)}{database.Fence})";
    }

    /// <summary>A row is one of the parameter and has one of the values.</summary>
    private string Rows(ValueCriterion criterion, string x)
    {
        var parameter = criterion.Parameter;
        var kind = ValueRows.KindOf(criterion);
        if (kind == IndexKind.Quantity && criterion.Values.Cast<QuantitySearchValue>().Any(value => value.InBaseUnits is not null))
        {
            return Or(criterion.Values, value => Quantities(parameter.Sources, (QuantitySearchValue)value, x));
        }

        var sources = Sources(ValueRows.SourcesOf(criterion), x, narrow: kind == IndexKind.Reference);

        // The plus keeps a planner from the index of values: for rare ones it seems as good as that of the resource, and for others it is ruinous.
        var condition = kind switch
        {
            IndexKind.Token => Tokens(criterion.Values.Cast<TokenSearchValue>(), $"+{x}"),
            IndexKind.Reference => AnyOf($"+{x}.hash", ReferenceHashes(criterion.Values, parameter.Targets)),
            _ => Or(criterion.Values, value => Condition(parameter, kind, criterion.Modifier, value, x)),
        };
        return criterion.Modifier == SearchModifier.Unequal ? $"{sources} AND NOT ({condition})" : $"{sources} AND {condition}";
    }

    /// <summary>One probe for all alternatives: as many probes as there are would take longer to plan than to run.</summary>
    private string Composite(SearchParameter parameter, ImmutableArray<SearchValue> values, Subject subject)
    {
        var parts = parameter.Components.Select(component => (component, alias: Alias())).ToList();
        var joined = parts.SelectMany((part, at) => (string[])
        [
            $"{part.alias}.key = {subject.Key}",
            .. at == 0 ? [] : (string[])[$"{part.alias}.item = {parts[0].alias}.item"],
            .. part.component.Kind == IndexKind.Quantity
                ? [] : (string[])[Sources(part.component.Sources, part.alias, part.component.Kind == IndexKind.Reference)],
        ]).ToList();
        string Holds(SearchValue value) => string.Join(" AND ", parts.Zip(((CompositeSearchValue)value).Parts, (part, given) =>
            given is QuantitySearchValue quantity
                ? Quantities(part.component.Sources, quantity, part.alias)
                : Condition(parameter, part.component.Kind, SearchModifier.None, given, part.alias)));
        return $"EXISTS (SELECT 1 FROM {string.Join(", ", parts.Select(part => $"{TableOf(part.component.Kind)} {part.alias}"))}"
            + $" WHERE {string.Join(" AND ", joined)} AND {Or(values, Holds)}{database.Fence})";
    }

    /// <summary>The key is one of a resource with the words of one of the texts.</summary>
    public string Words(WordsCriterion criterion, string key)
    {
        var alternatives = criterion.Texts.Select(FullText.Query).Where(words => words.Count > 0).ToList();
        return alternatives.Count == 0
            ? "1 = 0"
            : $"{key} IN ({database.WithWords(criterion.IsContent ? FullText.Content : FullText.Narrative, alternatives, sql)})";
    }

    private string RefersTo(RefersToCriterion refers, Subject subject)
    {
        var x = Alias();
        return $"EXISTS (SELECT 1 FROM ix_reference {x} WHERE {x}.key = {subject.Key} AND {Sources(refers.Sources, x, true)}"
            + $" AND +{x}.hash = {sql.Value(StorageHash.OfReference(refers.Target.Type, refers.Target.Id))}{database.Fence})";
    }

    private string Missing(MissingCriterion criterion, Subject subject)
    {
        var parameter = criterion.Parameter;
        switch (parameter.Kind)
        {
            case IndexKind.Id or IndexKind.LastUpdated:
                return criterion.IsMissing ? "1 = 0" : "1 = 1";
            case IndexKind.Date when parameter.IsTimeline:
                return criterion.IsMissing ? $"{subject.Rank} = 0" : $"{subject.Rank} <> 0";
            case IndexKind.Composite:
                var parts = parameter.Components.Select(component => (component, alias: Alias())).ToList();
                var joined = parts.SelectMany((part, at) => (string[])
                [
                    $"{part.alias}.key = {subject.Key}",
                    .. at == 0 ? [] : (string[])[$"{part.alias}.item = {parts[0].alias}.item"],
                    Sources(part.component.Sources, part.alias, part.component.Kind == IndexKind.Reference),
                ]);
                return $"{(criterion.IsMissing ? "NOT " : "")}EXISTS (SELECT 1 FROM "
                    + $"{string.Join(", ", parts.Select(part => $"{TableOf(part.component.Kind)} {part.alias}"))}"
                    + $" WHERE {string.Join(" AND ", joined)}{database.Fence})";
        }

        var x = Alias();
        var exists = $"EXISTS (SELECT 1 FROM {TableOf(parameter.Kind)} {x} WHERE {x}.key = {subject.Key}"
            + $" AND {Sources(parameter.Sources, x, parameter.Kind == IndexKind.Reference)}{database.Fence})";
        if (parameter.Kind == IndexKind.Reference)
        {
            // A reference by identifier alone is a value too; it is kept as a token.
            var token = Alias();
            exists = $"({exists} OR EXISTS (SELECT 1 FROM ix_token {token} WHERE {token}.key = {subject.Key}"
                + $" AND {Sources(parameter.Sources, token, false)}{database.Fence}))";
        }

        return criterion.IsMissing ? $"NOT {exists}" : exists;
    }

    private void Chain(ChainCriterion chain, Subject subject)
    {
        var (x, t) = (Alias(), Alias());
        sql.Append($"EXISTS (SELECT 1 FROM ix_reference {x} JOIN resource {t} ON {t}.id_hash = {x}.hash AND NOT {t}.deleted")
            .Append($" WHERE {x}.key = {subject.Key} AND {Sources(chain.Reference.Sources, x, true)} AND (");
        for (var i = 0; i < chain.Targets.Length; i++)
        {
            var target = new Subject($"{t}.key", t, $"{t}.rank");
            sql.Append(i == 0 ? "" : " OR ").Append($"({t}.type = {sql.Value(ResourceCatalog.NumberOf(chain.Targets[i].Type))} AND ");
            Append(chain.Targets[i].Criterion, target);
            AppendVisible(chain.Targets[i].Type, target);
            sql.Append(")");
        }

        sql.Append($"){database.Fence})");
    }

    private void Has(HasCriterion has, Subject subject)
    {
        var (x, s) = (Alias(), Alias());
        var joined = NeedsRow(has.Criterion) || (visible is not null && visible(has.SourceType).Any(NeedsRow));
        sql.Append($"EXISTS (SELECT 1 FROM ix_reference {x}{(joined ? $" JOIN resource {s} ON {s}.key = {x}.key" : "")}")
            .Append($" WHERE {Sources(has.Reference.Sources, x, true)} AND {x}.hash = {subject.Row}.id_hash AND ");
        var source = new Subject($"{x}.key", joined ? s : null, $"{x}.rank");
        Append(has.Criterion, source);
        AppendVisible(has.SourceType, source);
        sql.Append($"{database.Fence})");
    }

    /// <summary>Appends, each behind an AND, what the resource must satisfy to be seen.</summary>
    public void AppendVisible(string type, Subject subject)
    {
        foreach (var criterion in visible is null ? [] : visible(type))
        {
            sql.Append(" AND ");
            Append(criterion, subject);
        }
    }

    private void Combine(ImmutableArray<Criterion> criteria, string word, string none, Subject subject)
    {
        sql.Append("(").Append(criteria.IsEmpty ? none : "");
        for (var i = 0; i < criteria.Length; i++)
        {
            sql.Append(i == 0 ? "" : word);
            Append(criteria[i], subject);
        }

        sql.Append(")");
    }

    private static string Or(ImmutableArray<SearchValue> values, Func<SearchValue, string> condition) =>
        Any([.. values.Select(condition)]);
}
