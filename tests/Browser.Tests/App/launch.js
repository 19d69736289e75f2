// The options of this launch come from the test; what an EHR adds (iss, launch) the library reads from the address itself.
fetch('/options.json').then(answer => answer.json()).then(options => FHIR.oauth2.authorize(options)).catch(failed);

function failed(error) {
  document.title = 'failed';
  document.body.textContent = String(error && error.stack || error);
}
