using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Search;

/// <summary>
/// Judges content that no search can find: old versions, and what is about to be written or was just replaced. It reads the rows that the
/// content is indexed as, so that it sees what SQL would see; who belongs to a clinician is asked of the database.
/// </summary>
/// <param name="database">Whose dialect.</param>
/// <param name="session">The connection, perhaps inside the transaction that writes.</param>
/// <param name="row">The resource.</param>
/// <param name="rows">Its index rows, among others perhaps.</param>
internal sealed class RowJudge(Database database, Session session, ResourceRow row, RowBatch rows)
{
    private static readonly short _patientType = ResourceCatalog.NumberOf("Patient");

    /// <summary>Whether a condition of a search is one that is judged from the rows alone: codes, references, addresses and ids as they are.</summary>
    public static bool IsPlain(Criterion criterion) => criterion switch
    {
        ValueCriterion { Modifier: SearchModifier.None, Parameter: { Kind: IndexKind.Token or IndexKind.Reference or IndexKind.Uri or IndexKind.Id, Components.IsEmpty: true } } => true,
        NotCriterion not => IsPlain(not.Criterion),
        AllCriterion all => all.Parts.All(IsPlain),
        AnyCriterion any => any.Alternatives.All(IsPlain),
        _ => false,
    };

    /// <summary>Whether all of the conditions hold.</summary>
    public async Task<bool> HoldAsync(ImmutableArray<Criterion> criteria, CancellationToken cancellationToken)
    {
        foreach (var criterion in criteria)
        {
            if (!await HoldsAsync(criterion, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    private async Task<bool> HoldsAsync(Criterion criterion, CancellationToken cancellationToken)
    {
        switch (criterion)
        {
            case AllCriterion all:
                return await HoldAsync(all.Parts, cancellationToken);
            case AnyCriterion any:
                foreach (var alternative in any.Alternatives)
                {
                    if (await HoldsAsync(alternative, cancellationToken))
                    {
                        return true;
                    }
                }

                return false;
            case NotCriterion not:
                return !await HoldsAsync(not.Criterion, cancellationToken);
            case CompartmentCriterion compartment:
                return await AreAmongAsync(compartment, cancellationToken);
            case NoPatientCriterion none:
                return !Has(rows.References, none.Sources, reference => reference.TargetType == _patientType);
            case ClearanceCriterion clearance:
                var above = AccessSql.LabelsAbove(clearance.Highest);
                return !Has(rows.Tokens, clearance.Labels, label => label.System == AccessSql.LabelSystemHash && above.Contains(label.Hash));
            case ConsentCriterion consent:
                return !await IsDeniedAsync(consent, cancellationToken);
            case ValueCriterion value:
                return Holds(value);
            case NoSecurityContextCriterion:
                return ContextOf() is null;
            case SecurityContextCriterion context:
                return await IsSeenAsync(context, cancellationToken);
            default:
                throw new NotSupportedException(criterion.GetType().Name);
        }
    }

    private ReferenceRow? ContextOf() =>
        rows.References.Find(reference => reference.Key == row.Key && reference.Param == SecurityContextCriterion.ParameterId);

    private async Task<bool> IsSeenAsync(SecurityContextCriterion criterion, CancellationToken cancellationToken)
    {
        if (ContextOf() is not { } reference)
        {
            return false;
        }

        // What is written together is judged as it is about to be.
        if (rows.NewResources.Concat(rows.ChangedResources).FirstOrDefault(other => other.IdHash == reference.Hash && other != row) is { } beside)
        {
            return !beside.Deleted && criterion.Contexts.FirstOrDefault(context => ResourceCatalog.NumberOf(context.Type) == beside.Type) is { } type
                && await new RowJudge(database, session, beside, rows).HoldAsync(type.Visible, cancellationToken);
        }

        var sql = new SqlText();
        sql.Append($"SELECT 1 FROM resource c WHERE c.id_hash = {sql.Value(reference.Hash)} AND NOT c.deleted AND ");
        new CriteriaSql(database, sql).SeenContext(criterion, "c");
        return (await session.QueryAsync(sql.Append(" LIMIT 1"), _ => true, cancellationToken)).Count > 0;
    }

    private bool Holds(ValueCriterion criterion)
    {
        var parameter = criterion.Parameter;
        return parameter.Kind switch
        {
            IndexKind.Id => criterion.Values.Cast<TokenSearchValue>().Any(value => value.Code == row.Id),
            IndexKind.Token => Has(rows.Tokens, parameter.Sources, token => criterion.Values.Cast<TokenSearchValue>().Any(value =>
                (value.Code ?? value.System) is not null
                && (value.Code is null || token.Hash == StorageHash.OfOptional(value.Code))
                && (value.System is null || token.System == StorageHash.OfOptional(value.System)))),
            IndexKind.Reference => CriteriaSql.ReferenceHashes(criterion.Values, parameter.Targets) is var hashes
                && Has(rows.References, parameter.Sources, reference => hashes.Contains(reference.Hash)),
            IndexKind.Uri => Has(rows.Strings, parameter.Sources, text => criterion.Values.Cast<StringSearchValue>().Any(value => value.Text == text.Text)),
            _ => throw new NotSupportedException(parameter.Kind.ToString()),
        };
    }

    private bool Has<TRow>(List<TRow> table, ImmutableArray<IndexSource> sources, Predicate<TRow> condition)
        where TRow : IndexRow =>
        table.Exists(one => one.Key == row.Key && sources.Any(source => source.ParameterId == one.Param
            && (source.TargetType is null || (one is ReferenceRow reference && reference.TargetType == ResourceCatalog.NumberOf(source.TargetType))))
            && condition(one));

    /// <summary>Hashes of what the resource refers to through the rows, or of itself where it is a patient.</summary>
    private ImmutableArray<long> Patients(string type, ImmutableArray<IndexSource> sources) => type == "Patient"
        ? [row.IdHash]
        : [.. rows.References.Where(one => one.Key == row.Key && sources.Any(source => source.ParameterId == one.Param)).Select(one => one.Hash).Distinct()];

    private async Task<bool> AreAmongAsync(CompartmentCriterion compartment, CancellationToken cancellationToken)
    {
        var patients = Patients(compartment.Type, compartment.Sources);
        if (patients.IsEmpty)
        {
            return false;
        }

        if (compartment.Patients is NamedPatients named)
        {
            return named.Ids.Any(id => patients.Contains(StorageHash.OfReference("Patient", id)));
        }

        var sql = new SqlText();
        var write = new CriteriaSql(database, sql);
        if (compartment is { Type: "Patient", Patients: PatientsOfPractitioner practitioner })
        {
            // The patient is what is judged: what it says itself counts, not what is stored of it.
            var says = rows.References.Where(one => one.Key == row.Key && AccessSql.BindsPatient(one.Param)).Select(one => one.Hash).ToImmutableArray();
            if (practitioner.Also.Contains(row.Id) || says.Contains(StorageHash.OfReference(practitioner.User.Type, practitioner.User.Id)))
            {
                return true;
            }

            sql.Append($"SELECT 1 FROM ({write.Access.Organizations(practitioner.User)}) o WHERE {write.AnyOf("o.hash", says)} LIMIT 1");
            return !says.IsEmpty && (await session.QueryAsync(sql, _ => true, cancellationToken)).Count > 0;
        }

        sql.Append($"SELECT 1 FROM resource q WHERE {write.AnyOf("q.id_hash", patients)} AND {write.Access.Patients(compartment.Patients, "q.id_hash")} LIMIT 1");
        return (await session.QueryAsync(sql, _ => true, cancellationToken)).Count > 0;
    }

    private async Task<bool> IsDeniedAsync(ConsentCriterion consent, CancellationToken cancellationToken)
    {
        var patients = Patients(consent.Type, consent.Sources);
        if (patients.IsEmpty)
        {
            return false;
        }

        var sql = new SqlText();
        var write = new CriteriaSql(database, sql);
        sql.Append($"SELECT 1 FROM consent_rule c WHERE {write.AnyOf("c.patient", patients)} AND {write.Access.Denies(consent, "c")} LIMIT 1");
        return (await session.QueryAsync(sql, _ => true, cancellationToken)).Count > 0;
    }
}
