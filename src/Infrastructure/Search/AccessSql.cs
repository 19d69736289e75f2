using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Search;

/// <summary>Writes what a caller may see as conditions, beside those of the search (<see cref="Visibility"/> decides what they are).</summary>
internal sealed class AccessSql(CriteriaSql write, SqlText sql, Func<string> alias)
{
    private const string LabelSystem = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

    private static readonly SearchParameter _generalPractitioner = SearchParameterCatalog.R4.Find("Patient", "general-practitioner")!;
    private static readonly SearchParameter _managingOrganization = SearchParameterCatalog.R4.Find("Patient", "organization")!;
    private static readonly SearchParameter _roleOf = SearchParameterCatalog.R4.Find("PractitionerRole", "practitioner")!;
    private static readonly SearchParameter _roleIn = SearchParameterCatalog.R4.Find("PractitionerRole", "organization")!;
    private static readonly SearchParameter _roleActive = SearchParameterCatalog.R4.Find("PractitionerRole", "active")!;
    private static readonly SearchParameter _relatedTo = SearchParameterCatalog.R4.Find("RelatedPerson", "patient")!;
    private static readonly string[] _labels = ["U", "L", "M", "N", "R", "V"];

    /// <summary>Hashes of the confidentiality codes above a clearance.</summary>
    public static ImmutableArray<long> LabelsAbove(Confidentiality highest) => [.. _labels.Skip((int)highest + 1).Select(StorageHash.Of)];

    /// <summary>Whether rows of this parameter bind a patient to a practitioner or an organization.</summary>
    public static bool BindsPatient(int parameterId) =>
        _generalPractitioner.Sources.Concat(_managingOrganization.Sources).Any(source => source.ParameterId == parameterId);

    /// <summary>The hash under which the system of confidentiality codes is indexed.</summary>
    public static long LabelSystemHash { get; } = StorageHash.Of(LabelSystem);

    public string Compartment(CompartmentCriterion compartment, Subject subject)
    {
        if (compartment.Type == "Patient")
        {
            return Patients(compartment.Patients, $"{subject.Row}.id_hash");
        }

        var x = alias();
        return $"EXISTS (SELECT 1 FROM ix_reference {x} WHERE {x}.key = {subject.Key} AND {write.Sources(compartment.Sources, x, false)}"
            + $" AND {Patients(compartment.Patients, $"{x}.hash")})";
    }

    public string NoPatient(NoPatientCriterion criterion, Subject subject)
    {
        var x = alias();
        return $"NOT EXISTS (SELECT 1 FROM ix_reference {x} WHERE {x}.key = {subject.Key} AND {write.Sources(criterion.Sources, x, false)}"
            + $" AND {x}.target_type = {sql.Value(ResourceCatalog.NumberOf("Patient"))})";
    }

    // Labels above a clearance and denials are rare. Whether there is any at all is asked once for the whole statement, before each resource is.
    public string Clearance(ClearanceCriterion criterion, Subject subject)
    {
        var (any, x) = (alias(), alias());
        return $"(NOT EXISTS (SELECT 1 FROM ix_token {any} WHERE {Above(any)}) OR NOT EXISTS (SELECT 1 FROM ix_token {x} WHERE {x}.key = {subject.Key} AND {Above(x)}))";

        string Above(string row) => $"{write.Sources(criterion.Labels, row, false)}"
            + $" AND {write.AnyOf($"{row}.hash", LabelsAbove(criterion.Highest))} AND {row}.system = {sql.Value(LabelSystemHash)}";
    }

    public string Consent(ConsentCriterion criterion, Subject subject)
    {
        if (criterion.Type != "Patient" && criterion.Sources.IsEmpty)
        {
            return "1 = 1";
        }

        var (any, c) = (alias(), alias());
        var none = $"NOT EXISTS (SELECT 1 FROM consent_rule {any} WHERE {Denies(criterion, any)})";
        if (criterion.Type == "Patient")
        {
            return $"({none} OR NOT EXISTS (SELECT 1 FROM consent_rule {c} WHERE {c}.patient = {subject.Row}.id_hash AND {Denies(criterion, c)}))";
        }

        var x = alias();
        return $"({none} OR NOT EXISTS (SELECT 1 FROM ix_reference {x} JOIN consent_rule {c} ON {c}.patient = {x}.hash"
            + $" WHERE {x}.key = {subject.Key} AND {write.Sources(criterion.Sources, x, false)} AND {Denies(criterion, c)}))";
    }

    /// <summary>A row of <c>consent_rule</c> denies resources of the type to the user now.</summary>
    public string Denies(ConsentCriterion criterion, string c)
    {
        var now = sql.Value(criterion.Now);
        var actor = criterion.User is { } user
            ? $"({c}.actor = 0 OR {c}.actor = {sql.Value(StorageHash.OfReference(user.Type, user.Id))} OR {c}.actor IN ({Organizations(user)}))"
            : $"{c}.actor = 0";
        var exempt = criterion.Exempt.IsEmpty
            ? ""
            : $" AND NOT {write.AnyOf($"{c}.patient", [.. criterion.Exempt.Select(id => StorageHash.OfReference("Patient", id))])}";
        return $"{actor} AND ({c}.type = 0 OR {c}.type = {sql.Value(ResourceCatalog.NumberOf(criterion.Type))})"
            + $" AND {c}.starts <= {now} AND {c}.ends > {now}{exempt}";
    }

    /// <summary>The column holds the hash of one of the patients.</summary>
    public string Patients(PatientSet patients, string column) => patients switch
    {
        NamedPatients named => write.AnyOf(column, [.. named.Ids.Select(id => StorageHash.OfReference("Patient", id))]),
        PatientsOfPractitioner practitioner => OfPractitioner(practitioner, column),
        PatientsOfRelatedPerson related => OfRelatedPerson(related, column),
        _ => throw new NotSupportedException(patients.GetType().Name),
    };

    private string OfPractitioner(PatientsOfPractitioner patients, string column)
    {
        var (p, y) = (alias(), alias());
        var user = sql.Value(StorageHash.OfReference(patients.User.Type, patients.User.Id));
        var organizations = Organizations(patients.User);
        var treated = $"EXISTS (SELECT 1 FROM resource {p} JOIN ix_reference {y} ON {y}.key = {p}.key WHERE {p}.id_hash = {column} AND NOT {p}.deleted"
            + $" AND (({write.Sources(_managingOrganization.Sources, y, false)} AND {y}.hash IN ({organizations}))"
            + $" OR ({write.Sources(_generalPractitioner.Sources, y, false)} AND ({y}.hash = {user} OR {y}.hash IN ({organizations})))))";
        return patients.Also.IsEmpty ? treated : $"({treated} OR {Patients(new NamedPatients(patients.Also), column)})";
    }

    /// <summary>Hashes of the organizations in which the user has a role that is not inactive.</summary>
    public string Organizations(ResourceKey user)
    {
        var (who, z, a) = (alias(), alias(), alias());
        var mine = user.Type == "PractitionerRole"
            ? $"SELECT {who}.key FROM resource {who} WHERE {who}.id_hash = {sql.Value(StorageHash.OfReference(user.Type, user.Id))} AND NOT {who}.deleted"
            : $"SELECT {who}.key FROM ix_reference {who} WHERE {write.Sources(_roleOf.Sources, who, false)}"
                + $" AND {who}.hash = {sql.Value(StorageHash.OfReference(user.Type, user.Id))}";
        return $"SELECT {z}.hash FROM ix_reference {z} WHERE {z}.key IN ({mine}) AND {write.Sources(_roleIn.Sources, z, false)}"
            + $" AND NOT EXISTS (SELECT 1 FROM ix_token {a} WHERE {a}.key = {z}.key AND {write.Sources(_roleActive.Sources, a, false)}"
            + $" AND {a}.hash = {sql.Value(StorageHash.Of("false"))})";
    }

    private string OfRelatedPerson(PatientsOfRelatedPerson related, string column)
    {
        var (who, z) = (alias(), alias());
        return $"{column} IN (SELECT {z}.hash FROM resource {who} JOIN ix_reference {z} ON {z}.key = {who}.key"
            + $" WHERE {who}.id_hash = {sql.Value(StorageHash.OfReference(related.User.Type, related.User.Id))} AND NOT {who}.deleted"
            + $" AND {write.Sources(_relatedTo.Sources, z, false)})";
    }
}
