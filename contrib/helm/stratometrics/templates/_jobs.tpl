{{- /*
Licensed under the Apache License, Version 2.0 (the "License"); you may
not use this file except in compliance with the License. You may obtain
a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
License for the specific language governing permissions and limitations
under the License.
*/}}

{{- /*
A job that is repeated when anything of it changes. Kubernetes refuses to
change the pod of a job, so the name tells all that is in it.

(dict "name" NAME "container" YAML "volumes" YAML "inputs" YAML "root" $), the
inputs being what the job reads that its container does not show
*/}}
{{- define "stratometrics.job" -}}
{{- $root := .root -}}
{{- $labels := include "stratometrics.labels" (tuple .name $root) -}}
{{- $pod := include "stratometrics.pod" (tuple .name "job" $root) -}}
{{- $done := tuple .container .volumes .inputs $labels $pod $root.Chart.Version | toJson | sha256sum -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: stratometrics-{{ .name }}-{{ $done | trunc 8 }}
  labels:
    {{- $labels | nindent 4 }}
spec:
  backoffLimit: {{ $root.Values.jobs.backoff_limit }}
  template:
    metadata:
      labels:
        {{- $labels | nindent 8 }}
    spec:
      {{- $pod | nindent 6 }}
      restartPolicy: OnFailure
      containers:
        - name: {{ .name }}
          {{- .container | nindent 10 }}
      volumes:
        {{- .volumes | nindent 8 }}
{{- end -}}

{{- /*
A job that tells Keystone.

(dict "name" NAME "task" TASK "env" YAML "root" $)
*/}}
{{- define "stratometrics.ks_job" -}}
{{- $root := .root -}}
{{- $inputs := tuple ($root.Files.Get "bin/keystone.py") (include "stratometrics.keystone" $root) -}}
{{- include "stratometrics.job" (dict "name" .name "container" (include "stratometrics.ks_container" .) "volumes" (include "stratometrics.ks_volumes" $root) "inputs" $inputs "root" $root) -}}
{{- end -}}

{{- define "stratometrics.ks_container" -}}
{{- $root := .root -}}
{{- $application := .name | replace "-" "_" -}}
{{- include "stratometrics.image" (tuple $application $root) }}
{{ include "stratometrics.limits" (tuple (index $root.Values.pod.resources.jobs $application) $root) }}
command:
  - python3
  - /usr/local/lib/stratometrics/keystone.py
  - {{ .task }}
env:
  - name: OS_IDENTITY_API_VERSION
    value: "3"
{{- range list "AUTH_URL" "REGION_NAME" "INTERFACE" "PROJECT_DOMAIN_NAME" "PROJECT_NAME" "USER_DOMAIN_NAME" "USERNAME" "PASSWORD" }}
  - name: OS_{{ . }}
    valueFrom:
      secretKeyRef:
        name: {{ $root.Values.secrets.identity.admin }}
        key: OS_{{ . }}
{{- end }}
{{- with include "stratometrics.ca_environment" $root }}
  {{- . | nindent 2 }}
{{- end }}
  {{- .env | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  - name: bin
    mountPath: /usr/local/lib/stratometrics
    readOnly: true
  {{- include "stratometrics.ca_mount" $root | indent 2 }}
{{- end -}}

{{- define "stratometrics.ks_volumes" -}}
- name: tmp
  emptyDir: {}
- name: bin
  configMap:
    name: stratometrics-bin
{{- include "stratometrics.ca_volume" . }}
{{- end -}}

{{- /* Who talks to Keystone, as YAML: two maps of variables. */}}
{{- define "stratometrics.keystone" -}}
{{- $identity := .Values.endpoints.identity -}}
{{- range $user := list "admin" "stratometrics" }}
{{- $auth := index $identity.auth $user }}
{{ $user }}:
  OS_AUTH_URL: {{ include "stratometrics.uri" (tuple $identity "internal" $) | quote }}
  OS_INTERFACE: internal
  OS_REGION_NAME: {{ $auth.region_name | quote }}
  OS_USERNAME: {{ $auth.username | quote }}
  OS_PASSWORD: {{ $auth.password | required (printf "endpoints.identity.auth.%s.password: the password of the user in Keystone is missing" $user) | quote }}
  OS_PROJECT_NAME: {{ $auth.project_name | quote }}
  OS_USER_DOMAIN_NAME: {{ $auth.user_domain_name | quote }}
  OS_PROJECT_DOMAIN_NAME: {{ $auth.project_domain_name | quote }}
{{- end }}
{{- end -}}
