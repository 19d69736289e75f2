namespace TeleFhir.Domain.Access;

/// <summary>Who speaks for the clinic and not for a patient.</summary>
public static class StaffScope
{
    extension(Caller caller)
    {
        /// <summary>
        /// Whether the caller has staff scope for a type: a <c>system/</c> scope, or a <c>user/</c> scope of a practitioner. A patient has
        /// none, whatever the scopes; neither has a user who is nobody known.
        /// </summary>
        public bool IsStaffFor(string type) =>
            caller.IsUnrestricted
            || caller.Scopes.Any(scope => scope.Names(type)
                && (scope.Context == ScopeContext.System
                    || (scope.Context == ScopeContext.User && caller.FhirUser?.Type is "Practitioner" or "PractitionerRole")));
    }
}
