using System.Collections.Immutable;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Search;

/// <summary>
/// The index that a search walks; everything else is probed for each row it gives. Branches are the alternatives of an OR:
/// each is one range of the index. A walk of <c>resource</c> is limited to the type searched by whoever writes it.
/// </summary>
/// <param name="Table">The table, under the alias <c>d</c>.</param>
/// <param name="Branches">For each alternative, writes its condition on <c>d</c>.</param>
/// <param name="Ordered">Whether each branch comes in the order of the timeline.</param>
/// <param name="Cost">Smaller is walked first; equal ones are counted.</param>
/// <param name="Answers">The criteria that the walk itself satisfies.</param>
/// <param name="Whole">All branches as one condition, where there is a shorter one than their disjunction.</param>
internal sealed record SearchDriver(
    string Table,
    ImmutableArray<Func<CriteriaSql, SqlText, string>> Branches,
    bool Ordered,
    int Cost,
    ImmutableArray<Criterion> Answers,
    Func<CriteriaSql, SqlText, string>? Whole = null)
{
    private const int MostRanges = 16;
    private const int Few = 1;
    private const int Patient = 2;
    private const int Some = 3;
    private const int Many = 5;
    private const int Range = 6;

    /// <summary>What to walk: the branches one by one, or all as one condition where they are too many to merge.</summary>
    public ImmutableArray<Func<CriteriaSql, SqlText, string>> Ranges => Branches.Length is >= 1 and <= MostRanges
        ? Branches
        : [(write, sql) => Branches.Length > 0 && Whole is not null
            ? Whole(write, sql)
            : CriteriaSql.Any([.. Branches.Select(branch => branch(write, sql))])];

    /// <summary>Whether it narrows a search to little in most cases, so that counting first would be a waste.</summary>
    public bool IsSelective => Cost <= Some;

    /// <summary>Whether it narrows a search to little whatever is stored: named resources, an identifier, the record of a patient.</summary>
    public bool IsSmall { get; init; }

    /// <summary>All indexes that the criteria could walk.</summary>
    public static IEnumerable<SearchDriver> For(string type, ImmutableArray<Criterion> criteria)
    {
        foreach (var criterion in criteria)
        {
            var driver = criterion switch
            {
                RowsCriterion rows => new SearchDriver("resource", [(write, _) => write.AnyOf("d.id_hash", rows.IdHashes)], false, Few, [rows])
                {
                    IsSmall = true,
                },
                TargetsCriterion targets => References(targets.Reference.Sources, targets.Hashes, targets, narrow: false),
                RefersToCriterion refers => References(
                    refers.Sources, [StorageHash.OfReference(refers.Target.Type, refers.Target.Id)], refers, narrow: true),
                WordsCriterion words => new SearchDriver("resource", [(write, _) => write.Words(words, "d.key")], false, Many, [words]),
                ValueCriterion value => ForValue(value),
                CompartmentCriterion { Patients: NamedPatients patients } own => Compartment(own, patients),
                FirstValueCriterion { Value: not null } first => new KeyRange(type, first.Key, first.Value, first.Value) { IncludesTo = true }.Driver(),
                _ => null,
            };
            if (driver is not null)
            {
                yield return driver;
            }
        }

        foreach (var driver in ByPatient(criteria))
        {
            yield return driver;
        }
    }

    private static SearchDriver? ForValue(ValueCriterion criterion)
    {
        var parameter = criterion.Parameter;
        if (criterion.Modifier is SearchModifier.Not or SearchModifier.Unequal)
        {
            return null;
        }

        var sources = ValueRows.SourcesOf(criterion);
        switch (ValueRows.KindOf(criterion))
        {
            case IndexKind.Id:
                var ids = criterion.Values.Select(value => StorageHash.OfReference(parameter.ResourceType, ((TokenSearchValue)value).Code ?? ""));
                return new("resource", [(write, _) => write.AnyOf("d.id_hash", [.. ids])], false, Few, [criterion]) { IsSmall = true };
            case IndexKind.Token:
                var isIdentifier = parameter.Code == "identifier" || criterion.Modifier is SearchModifier.Identifier or SearchModifier.OfType;
                return Tokens(sources, criterion.Values, isIdentifier ? Some : Many, criterion) is { } tokens ? tokens with { IsSmall = isIdentifier } : null;
            case IndexKind.Reference:
                // Rows narrowed to a type: a bare id is that type's.
                var targets = parameter.Sources.Length == 1 && parameter.Sources[0].TargetType is { } only ? [only] : parameter.Targets;
                var named = criterion.Values.Cast<ReferenceSearchValue>().ToList();
                return References(
                    parameter.Sources,
                    CriteriaSql.ReferenceHashes(criterion.Values, targets),
                    criterion,
                    narrow: parameter.Sources.Any(source => source.TargetType is { } type
                        && !named.All(value => value.Id is not null && (value.Type ?? targets.FirstOrDefault()) == type))) with
                {
                    IsSmall = named.All(value => value.Id is not null && (value.Type ?? (targets is [var one] ? one : null)) == "Patient"),
                };
            case IndexKind.Composite:
                return Composite(criterion);
            case IndexKind.String or IndexKind.Uri when criterion.Modifier is not (SearchModifier.Contains or SearchModifier.EndsWith):
                return new(
                    "ix_string",
                    [.. criterion.Values.Select(value => (Func<CriteriaSql, SqlText, string>)((write, _) =>
                        $"{write.Sources(sources, "d", false)} AND {write.Text((StringSearchValue)value, parameter.Kind, criterion.Modifier, "d")}"))],
                    false,
                    Range,
                    [criterion]);
            case IndexKind.Date when !parameter.IsTimeline:
                return new(
                    "ix_date",
                    [.. criterion.Values.Select(value => (Func<CriteriaSql, SqlText, string>)((write, _) =>
                        $"{write.Sources(parameter.Sources, "d", false)} AND {write.Date((DateSearchValue)value, "d.low", "d.high", parameter.LongestRange)}"))],
                    false,
                    Range,
                    [criterion]);
            case IndexKind.Quantity:
                return new(
                    "ix_quantity",
                    [.. criterion.Values.Select(value => (Func<CriteriaSql, SqlText, string>)((write, _) =>
                        write.Quantities(parameter.Sources, (QuantitySearchValue)value, "d")))],
                    false,
                    Range,
                    [criterion]);
            default:
                return null;
        }
    }

    /// <summary>The record of named patients: what refers to them, or they themselves.</summary>
    private static SearchDriver Compartment(CompartmentCriterion criterion, NamedPatients patients)
    {
        ImmutableArray<long> hashes = [.. patients.Ids.Select(id => StorageHash.OfReference("Patient", id))];
        return criterion.Type == "Patient"
            ? new("resource", [(write, _) => write.AnyOf("d.id_hash", hashes)], false, Few, [criterion]) { IsSmall = true }
            : References(criterion.Sources, hashes, criterion, narrow: false) with { IsSmall = true };
    }

    private static SearchDriver? Tokens(
        ImmutableArray<IndexSource> sources, ImmutableArray<SearchValue> values, int cost, Criterion criterion, bool answers = true) =>
        values.Cast<TokenSearchValue>().All(value => value.Code is not null)
            ? new(
                "ix_token",
                [.. from source in sources
                    from value in values.Cast<TokenSearchValue>()
                    select (Func<CriteriaSql, SqlText, string>)((write, sql) =>
                        $"d.param = {sql.Value(source.ParameterId)} AND {write.Token(value, "d")}")],
                true,
                cost,
                answers ? [criterion] : [],
                (write, _) => $"{write.Sources(sources, "d", false)} AND {write.Tokens(values.Cast<TokenSearchValue>(), "d")}")
            : null;

    private static SearchDriver References(
        ImmutableArray<IndexSource> sources, ImmutableArray<long> hashes, Criterion criterion, bool narrow) => new(
        "ix_reference",
        hashes.IsEmpty ? [(_, _) => "1 = 0"] : [.. from source in sources
            from hash in hashes
            select (Func<CriteriaSql, SqlText, string>)((write, sql) => $"{write.Sources([source], "d", narrow)} AND d.hash = {sql.Value(hash)}")],
        true,
        Some,
        [criterion],
        (write, _) => $"{write.Sources(sources, "d", narrow)} AND {write.AnyOf("d.hash", hashes)}");

    /// <summary>A composite with a token part: its rows lead, the whole is probed.</summary>
    private static SearchDriver? Composite(ValueCriterion criterion)
    {
        var at = criterion.Parameter.Components.ToList().FindIndex(component => component.Kind == IndexKind.Token);
        return at < 0 ? null : Tokens(
            criterion.Parameter.Components[at].Sources,
            [.. criterion.Values.Select(value => ((CompositeSearchValue)value).Parts[at])],
            Many,
            criterion,
            answers: false);
    }

    /// <summary>One patient and a token parameter that is indexed by patient: one range holds both.</summary>
    private static IEnumerable<SearchDriver> ByPatient(ImmutableArray<Criterion> criteria)
    {
        foreach (var who in criteria.OfType<ValueCriterion>().Where(criterion =>
            criterion is { Modifier: SearchModifier.None, Parameter: { Code: "patient" or "subject", Kind: IndexKind.Reference }, Values.Length: 1 }))
        {
            var patient = (ReferenceSearchValue)who.Values[0];
            if (patient.Id is null || (patient.Type ?? (who.Parameter.Code == "patient" ? "Patient" : null)) != "Patient")
            {
                continue;
            }

            var hash = StorageHash.OfReference("Patient", patient.Id);

            // The index holds no rows of patient 0, and a planner that does not look at the value must be told that this is none.
            foreach (var what in criteria.OfType<ValueCriterion>().Where(criterion =>
                criterion is { Modifier: SearchModifier.None, Parameter.IsByPatient: true }
                && criterion.Values.Cast<TokenSearchValue>().All(value => value.Code is not null)))
            {
                yield return new(
                    "ix_token",
                    [.. from source in what.Parameter.Sources
                        from value in what.Values.Cast<TokenSearchValue>()
                        select (Func<CriteriaSql, SqlText, string>)((write, sql) =>
                            $"d.patient = {sql.Value(hash)} AND d.patient <> 0 AND d.param = {sql.Value(source.ParameterId)}"
                            + $" AND {write.Token(value, "d")}")],
                    true,
                    Patient,
                    [who, what],
                    (write, sql) => $"d.patient = {sql.Value(hash)} AND d.patient <> 0 AND {write.Sources(what.Parameter.Sources, "d", false)}"
                        + $" AND {write.Tokens(what.Values.Cast<TokenSearchValue>(), "d")}")
                {
                    IsSmall = true,
                };
            }
        }
    }
}
