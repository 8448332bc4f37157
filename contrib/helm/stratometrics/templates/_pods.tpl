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
(tuple COMPONENT $)
*/}}
{{- define "stratometrics.labels" -}}
{{- $root := index . 1 -}}
release_group: {{ $root.Values.release_group | default $root.Release.Name }}
application: stratometrics
component: {{ index . 0 }}
{{- end -}}

{{- /* An image, which is that of the API if none is named.

(tuple NAME $)
*/}}
{{- define "stratometrics.image" -}}
{{- $tags := (index . 1).Values.images.tags -}}
image: {{ index $tags (index . 0) | default $tags.stratometrics_api | required (printf "images.tags.%s: name the image; see contrib/docker" (index . 0)) | quote }}
imagePullPolicy: {{ (index . 1).Values.images.pull_policy }}
{{- end -}}

{{- define "stratometrics.ca_file" -}}
/etc/ssl/certs/openstack-helm.crt
{{- end -}}

{{- /*
What all pods have in common.

(tuple COMPONENT LABELS $), the second being that of .Values.labels
*/}}
{{- define "stratometrics.pod" -}}
{{- $values := (index . 2).Values -}}
{{- $node := index $values.labels (index . 1) -}}
{{- $anti := $values.pod.affinity.anti -}}
serviceAccountName: stratometrics
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml $values.pod.security_context.stratometrics.pod | nindent 2 }}
{{- if $values.secrets.oci_image_registry }}
imagePullSecrets:
  - name: {{ $values.secrets.oci_image_registry }}
{{- end }}
{{- if $values.pod.priorityClassName }}
priorityClassName: {{ $values.pod.priorityClassName }}
{{- end }}
nodeSelector:
  {{ $node.node_selector_key }}: {{ $node.node_selector_value | quote }}
{{- if $values.pod.tolerations.stratometrics.enabled }}
tolerations:
  {{- toYaml $values.pod.tolerations.stratometrics.tolerations | nindent 2 }}
{{- end }}
affinity:
  podAntiAffinity:
    {{ $anti.type.default }}:
    {{- if eq $anti.type.default "preferredDuringSchedulingIgnoredDuringExecution" }}
      - weight: {{ $anti.weight.default }}
        podAffinityTerm:
          topologyKey: {{ $anti.topologyKey.default }}
          labelSelector:
            matchLabels:
              {{- include "stratometrics.labels" (tuple (index . 0) (index . 2)) | nindent 14 }}
    {{- else }}
      - topologyKey: {{ $anti.topologyKey.default }}
        labelSelector:
          matchLabels:
            {{- include "stratometrics.labels" (tuple (index . 0) (index . 2)) | nindent 12 }}
    {{- end }}
{{- end -}}

{{- /*
The security context and resources of a container.

(tuple RESOURCES $)
*/}}
{{- define "stratometrics.limits" -}}
{{- $values := (index . 1).Values -}}
securityContext:
  {{- toYaml $values.pod.security_context.stratometrics.container | nindent 2 }}
{{- if $values.pod.resources.enabled }}
resources:
  {{- toYaml (index . 0) | nindent 2 }}
{{- end }}
{{- end -}}

{{- /*
A probe by HTTP.

(tuple PROBE PATH PORT)
*/}}
{{- define "stratometrics.probe" -}}
httpGet:
  path: {{ index . 1 }}
  port: {{ index . 2 }}
{{- with (index . 0).params }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* How many of a deployment there are, and how they are replaced. */}}
{{- define "stratometrics.upgrades" -}}
{{- $upgrades := .Values.pod.lifecycle.upgrades.deployments -}}
revisionHistoryLimit: {{ $upgrades.revision_history }}
strategy:
  type: {{ $upgrades.pod_replacement_strategy }}
{{- if eq $upgrades.pod_replacement_strategy "RollingUpdate" }}
  rollingUpdate:
    maxUnavailable: {{ $upgrades.rolling_update.max_unavailable }}
    maxSurge: {{ $upgrades.rolling_update.max_surge }}
{{- end }}
{{- end -}}

{{- /* Pods are replaced when this changes. */}}
{{- define "stratometrics.checksums" -}}
configmap-etc-hash: {{ include (print .Template.BasePath "/secret-etc.yaml") . | sha256sum }}
configmap-definitions-hash: {{ include (print .Template.BasePath "/configmap-definitions.yaml") . | sha256sum }}
{{- end -}}

{{- /* Where the programs of the service find their files. */}}
{{- define "stratometrics.mounts" -}}
- name: tmp
  mountPath: /tmp
- name: etc
  mountPath: /etc/stratometrics/stratometrics.conf
  subPath: stratometrics.conf
  readOnly: true
- name: etc
  mountPath: /etc/stratometrics/policy.yaml
  subPath: policy.yaml
  readOnly: true
- name: etc-snippets
  mountPath: /etc/stratometrics/stratometrics.conf.d
  readOnly: true
- name: definitions
  mountPath: /etc/stratometrics/definitions.d
  readOnly: true
{{- include "stratometrics.ca_mount" . }}
{{- end -}}

{{- define "stratometrics.ca_mount" -}}
{{- if .Values.secrets.tls.ca }}
- name: ca
  mountPath: {{ include "stratometrics.ca_file" . }}
  subPath: ca.crt
  readOnly: true
{{- end }}
{{- end -}}

{{- /*
The volumes of these mounts.

(tuple SECRETS $), the first being the names of Secrets with further files
*/}}
{{- define "stratometrics.volumes" -}}
{{- $values := (index . 1).Values -}}
- name: tmp
  emptyDir: {}
- name: etc
  secret:
    secretName: {{ $values.secrets.etc }}
    defaultMode: 0440
- name: etc-snippets
{{- if concat (index . 0) $values.pod.etcSources.stratometrics }}
  projected:
    defaultMode: 0440
    sources:
    {{- range index . 0 }}
      - secret:
          name: {{ . }}
    {{- end }}
    {{- with $values.pod.etcSources.stratometrics }}
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- else }}
  emptyDir: {}
{{- end }}
- name: definitions
  configMap:
    name: stratometrics-definitions
{{- include "stratometrics.ca_volume" (index . 1) }}
{{- end -}}

{{- define "stratometrics.ca_volume" -}}
{{- if .Values.secrets.tls.ca }}
- name: ca
  secret:
    secretName: {{ .Values.secrets.tls.ca }}
    items:
      - key: ca.crt
        path: ca.crt
{{- end }}
{{- end -}}

{{- /* The environment of everything that asks Keystone by itself. */}}
{{- define "stratometrics.ca_environment" -}}
{{- if .Values.secrets.tls.ca }}
- name: REQUESTS_CA_BUNDLE
  value: {{ include "stratometrics.ca_file" . }}
{{- end }}
{{- end -}}
