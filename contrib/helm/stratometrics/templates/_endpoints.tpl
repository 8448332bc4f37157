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
The name that an interface of an endpoint is reached by. A name in the cluster
is made a full one.

(tuple ENDPOINT INTERFACE $)
*/}}
{{- define "stratometrics.host" -}}
{{- $endpoint := index . 0 -}}
{{- $interface := index . 1 -}}
{{- $root := index . 2 -}}
{{- $override := include "stratometrics.fqdn" (tuple $endpoint $interface) -}}
{{- if $override -}}
{{- $override -}}
{{- else -}}
{{- $host := include "stratometrics.of_interface" (tuple $endpoint.hosts $interface) -}}
{{- if contains "." $host -}}
{{- $host -}}
{{- else -}}
{{- printf "%s.%s.svc.%s" $host ($endpoint.namespace | default $root.Release.Namespace) $root.Values.endpoints.cluster_domain_suffix -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
The full name that was given for an interface, or nothing.

(tuple ENDPOINT INTERFACE)
*/}}
{{- define "stratometrics.fqdn" -}}
{{- $given := index (index . 0).host_fqdn_override (index . 1) | default (index . 0).host_fqdn_override.default -}}
{{- if kindIs "map" $given -}}
{{- $given.host -}}
{{- else -}}
{{- $given | default "" -}}
{{- end -}}
{{- end -}}

{{- /*
What a map says for an interface, or for all.

(tuple MAP INTERFACE)
*/}}
{{- define "stratometrics.of_interface" -}}
{{- $map := index . 0 -}}
{{- if kindIs "map" $map -}}
{{- index $map (index . 1) | default $map.default | default "" -}}
{{- else -}}
{{- $map | default "" -}}
{{- end -}}
{{- end -}}

{{- /*
The address of an HTTP endpoint, without the port that is the usual one.

(tuple ENDPOINT INTERFACE $)
*/}}
{{- define "stratometrics.uri" -}}
{{- $endpoint := index . 0 -}}
{{- $interface := index . 1 -}}
{{- $scheme := include "stratometrics.of_interface" (tuple $endpoint.scheme $interface) -}}
{{- $port := include "stratometrics.of_interface" (tuple $endpoint.port.api $interface) -}}
{{- $path := include "stratometrics.of_interface" (tuple $endpoint.path $interface) -}}
{{- $usual := dict "http" "80" "https" "443" -}}
{{- $scheme }}://{{ include "stratometrics.host" . -}}
{{- if ne $port (get $usual $scheme) }}:{{ $port }}{{ end -}}
{{- $path -}}
{{- end -}}

{{- /*
The address of a broker.

(tuple ENDPOINT $ USER PASSWORD), the last two as they stand in an address
*/}}
{{- define "stratometrics.broker" -}}
{{- $endpoint := index . 0 -}}
{{- printf "%s://%s:%s@%s:%s/%s" $endpoint.scheme (index . 2) (index . 3) (include "stratometrics.host" (tuple $endpoint "internal" (index . 1))) (include "stratometrics.of_interface" (tuple $endpoint.port.amqp "internal")) (trimPrefix "/" $endpoint.path) -}}
{{- end -}}

{{- define "stratometrics.quoted" -}}
{{- . | urlquery | replace "+" "%20" -}}
{{- end -}}
