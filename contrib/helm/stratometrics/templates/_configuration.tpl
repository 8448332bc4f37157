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
A configuration file of oslo.config.

A map of sections
*/}}
{{- define "stratometrics.ini" -}}
{{- range $section, $options := . }}
[{{ $section }}]
{{- range $option, $value := $options }}
{{- if kindIs "invalid" $value }}
{{- else if kindIs "slice" $value }}
{{ $option }} = {{ include "stratometrics.joined" $value }}
{{- else if kindIs "map" $value }}
{{- if eq $value.type "multistring" }}
{{- range $value.values }}
{{ $option }} = {{ include "stratometrics.plain" . }}
{{- end }}
{{- else if eq $value.type "csv" }}
{{ $option }} = {{ include "stratometrics.joined" $value.values }}
{{- else }}
{{- fail (printf "[%s]/%s: type is multistring or csv, not %v" $section $option $value.type) }}
{{- end }}
{{- else }}
{{ $option }} = {{ include "stratometrics.plain" $value }}
{{- end }}
{{- end }}
{{ end }}
{{- end -}}

{{- define "stratometrics.joined" -}}
{{- $texts := list -}}
{{- range . -}}
{{- $texts = append $texts (include "stratometrics.plain" .) -}}
{{- end -}}
{{- join "," $texts -}}
{{- end -}}

{{- /* Numbers of YAML are floats, and large ones would show as 1e+06. */}}
{{- define "stratometrics.plain" -}}
{{- if kindIs "float64" . -}}
{{- if eq . (float64 (int64 .)) -}}
{{- int64 . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{- /* A text that oslo.config is not to look for other options in. */}}
{{- define "stratometrics.literal" -}}
{{- . | toString | replace "$" "$$" -}}
{{- end -}}

{{- /*
Sections as YAML: the first, with the options of the second put over them.

(tuple MAP MAP)
*/}}
{{- define "stratometrics.overlaid" -}}
{{- $settings := deepCopy (index . 0) -}}
{{- range $section, $options := index . 1 -}}
{{- $merged := get $settings $section | default dict -}}
{{- range $option, $value := $options -}}
{{- $_ := set $merged $option $value -}}
{{- end -}}
{{- $_ := set $settings $section $merged -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end -}}

{{- /*
Whether the user may ask the services of the cloud.

$
*/}}
{{- define "stratometrics.may_ask" -}}
{{- $role := .Values.endpoints.identity.auth.stratometrics.role -}}
{{- $roles := kindIs "slice" $role | ternary $role (list $role) -}}
{{- if has "admin" $roles }}yes{{ end -}}
{{- end -}}

{{- /*
The sections of stratometrics.conf as YAML.

$
*/}}
{{- define "stratometrics.settings" -}}
{{- $values := .Values -}}
{{- $identity := $values.endpoints.identity -}}
{{- $user := $identity.auth.stratometrics -}}
{{- $keystone := include "stratometrics.uri" (tuple $identity "internal" .) -}}
{{- $password := required "endpoints.identity.auth.stratometrics.password: the password of the user in Keystone is missing" $user.password -}}
{{- $login := dict "auth_type" "password" "auth_url" $keystone "username" $user.username "password" (include "stratometrics.literal" $password) "user_domain_name" $user.user_domain_name "project_name" $user.project_name "project_domain_name" $user.project_domain_name -}}
{{- $authtoken := merge (dict "www_authenticate_uri" $keystone "region_name" $user.region_name "service_type" "billing") $login -}}
{{- $cache := $values.endpoints.oslo_cache -}}
{{- if or $cache.hosts.default $cache.host_fqdn_override.default -}}
{{- $_ := set $authtoken "memcached_servers" (printf "%s:%s" (include "stratometrics.host" (tuple $cache "internal" .)) (include "stratometrics.of_interface" (tuple $cache.port.memcache "internal"))) -}}
{{- if $cache.auth.memcache_secret_key -}}
{{- $_ := set $authtoken "memcache_security_strategy" "ENCRYPT" -}}
{{- $_ := set $authtoken "memcache_secret_key" (include "stratometrics.literal" $cache.auth.memcache_secret_key) -}}
{{- end -}}
{{- end -}}
{{- $settings := dict "keystone_authtoken" $authtoken -}}
{{- $clickhouse := $values.endpoints.clickhouse -}}
{{- $_ := set $settings "clickhouse" (include "stratometrics.clickhouse" . | fromYaml) -}}
{{- $_ := set $settings "api" (dict "bind_port" $values.network.api.port) -}}
{{- $_ := set $settings "collector" (dict "region_name" $user.region_name "metrics_port" $values.network.collector.metrics_port) -}}
{{- if include "stratometrics.may_ask" . -}}
{{- $_ := set $settings "service_credentials" $login -}}
{{- end -}}
{{- include "stratometrics.overlaid" (tuple $settings $values.conf.stratometrics) -}}
{{- end -}}

{{- define "stratometrics.clickhouse" -}}
{{- $endpoint := .Values.endpoints.clickhouse -}}
{{- $user := $endpoint.auth.stratometrics -}}
{{- $named := include "stratometrics.fqdn" (tuple $endpoint "internal") | empty | ternary (index $endpoint.hosts "internal" | default $endpoint.hosts.default) (list (include "stratometrics.fqdn" (tuple $endpoint "internal"))) -}}
{{- $hosts := list -}}
{{- range kindIs "slice" $named | ternary $named (list $named) -}}
{{- $one := dict "hosts" (dict "default" .) "host_fqdn_override" dict "namespace" $endpoint.namespace -}}
{{- $hosts = append $hosts (include "stratometrics.host" (tuple $one "default" $)) -}}
{{- end -}}
{{- $section := dict "hosts" $hosts "database" $endpoint.path "user" $user.username -}}
{{- if $user.password -}}
{{- $_ := set $section "password" (include "stratometrics.literal" $user.password) -}}
{{- end -}}
{{- if $endpoint.port.native.default -}}
{{- $_ := set $section "port" $endpoint.port.native.default -}}
{{- end -}}
{{- if .Values.secrets.tls.ca -}}
{{- $_ := set $section "cafile" (include "stratometrics.ca_file" .) -}}
{{- end -}}
{{- toYaml $section -}}
{{- end -}}

{{- /*
The sections that a collector has of its own, as YAML.

(tuple COLLECTOR NAME $)
*/}}
{{- define "stratometrics.collector" -}}
{{- $collector := index . 0 | default dict -}}
{{- $name := index . 1 -}}
{{- $root := index . 2 -}}
{{- $section := dict -}}
{{- range $key := list "targets" "workers" "region_name" -}}
{{- if get $collector $key -}}
{{- $_ := set $section $key (get $collector $key) -}}
{{- end -}}
{{- end -}}
{{- $settings := dict "collector" $section -}}
{{- if $collector.transport_url -}}
{{- $_ := set $settings "DEFAULT" (dict "transport_url" (include "stratometrics.literal" $collector.transport_url)) -}}
{{- else if or $collector.transport_url_secret $collector.auth_secret -}}
{{- else -}}
{{- $broker := mergeOverwrite (deepCopy $root.Values.endpoints.oslo_messaging) (deepCopy ($collector.oslo_messaging | default dict)) -}}
{{- $user := $broker.auth.stratometrics -}}
{{- $password := required (printf "collectors.%s: give oslo_messaging.auth.stratometrics.password (or that of endpoints.oslo_messaging), auth_secret, transport_url or transport_url_secret" $name) $user.password -}}
{{- $url := include "stratometrics.broker" (tuple $broker $root (include "stratometrics.quoted" $user.username) (include "stratometrics.quoted" $password)) -}}
{{- $_ := set $settings "DEFAULT" (dict "transport_url" (include "stratometrics.literal" $url)) -}}
{{- end -}}
{{- include "stratometrics.overlaid" (tuple $settings ($collector.conf | default dict)) -}}
{{- end -}}

{{- /*
The environment that the address of the broker comes from, if it comes from
a Secret of somebody else.

(tuple COLLECTOR $)
*/}}
{{- define "stratometrics.broker_environment" -}}
{{- $collector := index . 0 | default dict -}}
{{- $root := index . 1 -}}
{{- if $collector.transport_url -}}
{{- else if $collector.transport_url_secret -}}
- name: OS_DEFAULT__TRANSPORT_URL
  valueFrom:
    secretKeyRef:
      name: {{ $collector.transport_url_secret.name }}
      key: {{ $collector.transport_url_secret.key }}
{{- else if $collector.auth_secret -}}
{{- $broker := mergeOverwrite (deepCopy $root.Values.endpoints.oslo_messaging) (deepCopy ($collector.oslo_messaging | default dict)) -}}
- name: RABBITMQ_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ $collector.auth_secret }}
      key: username
- name: RABBITMQ_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $collector.auth_secret }}
      key: password
- name: OS_DEFAULT__TRANSPORT_URL
  value: {{ include "stratometrics.broker" (tuple $broker $root "$(RABBITMQ_USERNAME)" "$(RABBITMQ_PASSWORD)") | quote }}
{{- end -}}
{{- end -}}
