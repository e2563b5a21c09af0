// The API's documentation: Swagger UI on our own schema.
"use strict";
SwaggerUIBundle({
  url: document.getElementById("docs").dataset.schema,
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null, // the default one is another host
});
